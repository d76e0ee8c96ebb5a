#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "topolens/ground.hpp"

namespace topolens {

/// The distinct bars of a diagram, each with how often it occurs, in a k-d tree. Bars can be given
/// weights that bring them nearer: the tree finds those for which
/// cost(difference of births, of deaths) - weight is least. A cost grows with the absolute value
/// of either difference. The order of the bars given changes nothing.
class BarTree {
public:
    static constexpr double removed = -std::numeric_limits<double>::infinity();

    /// `pairs` holds (birth, death) of `count` bars; those without length are left out.
    BarTree(const double* pairs, std::size_t count) {
        for (std::size_t k = 0; k < count; ++k) {
            const Interval bar{pairs[2 * k], pairs[2 * k + 1]};
            if (bar.birth < bar.death) bars_.push_back(bar);
        }
        std::sort(bars_.begin(), bars_.end());
        std::vector<Interval> distinct;
        std::unique_copy(bars_.begin(), bars_.end(), std::back_inserter(distinct));
        std::vector<Interval> all = std::exchange(bars_, std::move(distinct));
        std::size_t leaves = 1;
        while (leaf_size * leaves < bars_.size()) leaves *= 2;
        first_leaf_ = leaves - 1;
        nodes_.resize(2 * leaves - 1);
        split(0, 0, bars_.size());
        counts_.reserve(bars_.size());
        for (const Interval& bar : bars_) {
            const auto equal = std::equal_range(all.begin(), all.end(), bar);
            counts_.push_back(std::uint32_t(equal.second - equal.first));
        }
        set_weights(std::vector<double>(bars_.size(), 0.0));
    }

    const std::vector<Interval>& bars() const { return bars_; }
    const std::vector<std::uint32_t>& counts() const { return counts_; }

    /// The number of bars, each as often as it occurs.
    std::size_t total() const {
        return std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
    }

    void set_weights(std::vector<double> weights) {
        weights_ = std::move(weights);
        for (std::size_t node = nodes_.size(); node-- > 0;) weigh(node);
    }

    void set_weight(std::uint32_t bar, double weight) {
        weights_[bar] = weight;
        std::size_t node = 0;
        while (node < first_leaf_) node = 2 * node + (bar < nodes_[2 * node + 1].end ? 1 : 2);
        for (weigh(node); node > 0; weigh(node)) node = (node - 1) / 2;
    }

    /// Leave this bar out until it is weighed again.
    void remove(std::uint32_t bar) { set_weight(bar, removed); }

    /// Tell `take(bar, value)` of the bars whose value is below `bound`, in no order; what `take`
    /// returns is the bound from there on.
    template <typename Cost, typename Take>
    void below(Interval from, const Cost& cost, double bound, Take&& take) const {
        descend(0, from, cost, bound, take);
    }

private:
    static constexpr std::size_t leaf_size = 8;

    struct Node {
        Interval low, high;
        std::uint32_t begin, end;
        double most;  // the largest weight
    };

    void split(std::size_t node, std::size_t begin, std::size_t end) {
        constexpr double far = std::numeric_limits<double>::infinity();
        Interval low{far, far}, high{-far, -far};
        for (std::size_t k = begin; k < end; ++k) {
            low = {std::min(low.birth, bars_[k].birth), std::min(low.death, bars_[k].death)};
            high = {std::max(high.birth, bars_[k].birth), std::max(high.death, bars_[k].death)};
        }
        nodes_[node] = {low, high, std::uint32_t(begin), std::uint32_t(end), 0};
        if (node >= first_leaf_) return;
        const bool by_birth = high.birth - low.birth > high.death - low.death;
        const std::size_t middle = begin + (end - begin) / 2;
        const auto at = [&](std::size_t place) { return bars_.begin() + std::ptrdiff_t(place); };
        std::nth_element(at(begin), at(middle), at(end), [&](const Interval& a, const Interval& b) {
            return by_birth ? a.birth < b.birth : a.death < b.death;
        });
        split(2 * node + 1, begin, middle);
        split(2 * node + 2, middle, end);
    }

    void weigh(std::size_t node) {
        Node& box = nodes_[node];
        if (node < first_leaf_) {
            box.most = std::max(nodes_[2 * node + 1].most, nodes_[2 * node + 2].most);
            return;
        }
        box.most = removed;
        for (std::size_t k = box.begin; k < box.end; ++k) {
            box.most = std::max(box.most, weights_[k]);
        }
    }

    /// No bar in the box has a smaller value.
    template <typename Cost>
    double least(std::size_t node, Interval from, const Cost& cost) const {
        const Node& box = nodes_[node];
        if (box.most == removed) return std::numeric_limits<double>::infinity();
        const double births =
            std::max({0.0, box.low.birth - from.birth, from.birth - box.high.birth});
        const double deaths =
            std::max({0.0, box.low.death - from.death, from.death - box.high.death});
        return cost(births, deaths) - box.most;
    }

    template <typename Cost, typename Take>
    void descend(std::size_t node, Interval from, const Cost& cost, double& bound, Take& take) const {
        if (node >= first_leaf_) {
            for (std::uint32_t k = nodes_[node].begin; k < nodes_[node].end; ++k) {
                const double value =
                    cost(from.birth - bars_[k].birth, from.death - bars_[k].death) - weights_[k];
                if (value < bound) bound = take(k, value);
            }
            return;
        }
        std::size_t near = 2 * node + 1, far = near + 1;
        double least_near = least(near, from, cost), least_far = least(far, from, cost);
        if (least_far < least_near) {
            std::swap(near, far);
            std::swap(least_near, least_far);
        }
        if (least_near < bound) descend(near, from, cost, bound, take);
        if (least_far < bound) descend(far, from, cost, bound, take);
    }

    std::size_t first_leaf_ = 0;
    std::vector<Node> nodes_;  // children of k are 2k + 1 and 2k + 2
    std::vector<Interval> bars_;    // those of a node lie side by side
    std::vector<std::uint32_t> counts_;
    std::vector<double> weights_;
};

}  // namespace topolens
