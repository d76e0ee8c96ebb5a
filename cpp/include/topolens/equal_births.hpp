#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "topolens/bar_tree.hpp"
#include "topolens/step_cost.hpp"

namespace topolens {

/// Two diagrams whose bars are all born at once, as those of connected components are: points on a
/// line, which can be matched in their order.
///
/// Of two bars and two partners, crossing costs no less than keeping the order, as costs are convex
/// in the difference of deaths; so some cheapest matching keeps it.
class EqualBirths {
public:
    EqualBirths(const BarTree& first, const BarTree& second, Ground ground)
        : ground_(ground), sides_{ascending(first), ascending(second)} {}

    static bool hold(const BarTree& first, const BarTree& second) {
        const auto& some = first.bars().empty() ? second.bars() : first.bars();
        const auto as_first = [&](Interval bar) { return bar.birth == some.front().birth; };
        return std::all_of(first.bars().begin(), first.bars().end(), as_first) &&
               std::all_of(second.bars().begin(), second.bars().end(), as_first);
    }

    /// The smallest radius at which all bars can be placed, found by halving between the numbers
    /// that a double can be, which are in the order of their bits.
    double bottleneck() const {
        if (all_fit(0)) return 0;
        double most = 0;
        for (const auto& bars : sides_) {
            if (!bars.empty()) most = std::max(most, length_to_diagonal(ground_, bars.back()));
        }
        auto low = std::bit_cast<std::uint64_t>(0.0), high = std::bit_cast<std::uint64_t>(most);
        while (high - low > 1) {
            const std::uint64_t middle = low + (high - low) / 2;
            (all_fit(std::bit_cast<double>(middle)) ? high : low) = middle;
        }
        return std::bit_cast<double>(high);
    }

    /// The cheapest sum of costs of matchings that keep the order, by dynamic programming over
    /// the pairs of beginnings of the two rows of bars. Those of equal length together do not
    /// depend on each other, so processors take several at a time.
    double total(const StepCost& cost, const std::function<void()>& tell) const {
        if (cost.order == 1) return total_of(cost, [](double x) { return x; }, tell);
        if (cost.order == 2) return total_of(cost, [](double x) { return x * x; }, tell);
        return total_of(cost, [&](double x) { return cost.power(x); }, tell);
    }

private:
    static constexpr std::size_t between_tells = 256;

    static std::vector<Interval> ascending(const BarTree& tree) {
        std::vector<Interval> all;
        for (std::size_t bar = 0; bar < tree.bars().size(); ++bar) {
            all.insert(all.end(), tree.counts()[bar], tree.bars()[bar]);
        }
        std::sort(all.begin(), all.end());
        return all;
    }

    /// Places for the bars of either side alone imply places for all (Mendelsohn, Dulmage 1958).
    bool all_fit(double radius) const {
        return fit(sides_[0], sides_[1], radius) && fit(sides_[1], sides_[0], radius);
    }

    /// Each bar too long for the diagonal takes the shortest one left within the radius: the
    /// partners that later bars can have begin no earlier and end no earlier.
    bool fit(const std::vector<Interval>& own, const std::vector<Interval>& others,
             double radius) const {
        const auto fits_diagonal = [&](Interval bar) {
            return length_to_diagonal(ground_, bar) <= radius;
        };
        auto other = others.begin();
        for (auto bar = std::partition_point(own.begin(), own.end(), fits_diagonal);
             bar != own.end(); ++bar, ++other) {
            const auto is_far = [&](Interval to) {
                return ground_length(ground_, 0, to.death - bar->death) > radius;
            };
            while (other != others.end() && other->death < bar->death && is_far(*other)) ++other;
            if (other == others.end() || is_far(*other)) return false;
        }
        return true;
    }

    template <typename Power>
    double total_of(const StepCost& cost, const Power& power,
                    const std::function<void()>& tell) const {
        const std::size_t n = sides_[0].size(), m = sides_[1].size();
        std::vector<double> deaths[2], leave[2];
        for (const std::size_t side : {0, 1}) {
            for (const Interval bar : sides_[side]) {
                deaths[side].push_back(bar.death);
                leave[side].push_back(cost.power(length_to_diagonal(ground_, bar) / cost.unit));
            }
        }
        // Backwards, what belongs to one diagonal of the table lies side by side in both rows.
        for (auto* row : {&deaths[1], &leave[1]}) std::reverse(row->begin(), row->end());
        // Of k bars placed, i are of the first diagram; outside the table nothing is cheapest.
        constexpr double never = std::numeric_limits<double>::infinity();
        std::vector<double> now(n + 1, never), before(n + 1, never), earlier(n + 1, never);
        now[0] = 0;
        for (std::size_t k = 1; k <= n + m; ++k) {
            if (k % between_tells == 0) tell();
            std::swap(earlier, before);
            std::swap(before, now);
            const std::size_t begin = k > m ? k - m : 0, end = std::min(n, k);
            now[0] = begin == 0 ? before[0] + leave[1][m - k] : never;
            if (end == k) now[k] = before[k - 1] + leave[0][k - 1];
            const double *x = deaths[0].data(), *y = deaths[1].data();
            const double *x_leaves = leave[0].data(), *y_leaves = leave[1].data();
            const std::size_t inner_begin = std::max<std::size_t>(begin, 1);
            const std::size_t inner_end = end == k ? k : end + 1;
            for (std::size_t i = inner_begin; i < inner_end; ++i) {
                const std::size_t j = m + i - k;
                const double gap = std::abs(x[i - 1] - y[j]) / cost.unit;
                const double pair = earlier[i - 1] + std::min(power(gap), cost.most);
                const double first_leaves = before[i - 1] + x_leaves[i - 1];
                const double second_leaves = before[i] + y_leaves[j];
                now[i] = std::min(pair, std::min(first_leaves, second_leaves));
            }
        }
        return now[n];
    }

    Ground ground_;
    std::vector<Interval> sides_[2];  // each bar as often as it occurs
};

}  // namespace topolens
