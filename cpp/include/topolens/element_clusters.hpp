#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "topolens/epsgraph.hpp"
#include "topolens/union_find.hpp"

namespace topolens {

struct ClusterRule {
    enum class Kind { dbscan, single_linkage };
    Kind kind = Kind::dbscan;
    double eps = 0;
    std::size_t min_samples = 1;  // of a core point's neighbours, itself counted
    std::size_t n_bins = 1;       // of the histogram of merge heights
    std::size_t min_size = 1;     // of a single-linkage cluster
};

using Clusters = std::vector<std::vector<std::int32_t>>;

/// Clusters of the points of one cover element, read off an eps-graph that holds all its pairs.
template <typename Real>
class ElementClusters {
public:
    ElementClusters(const EpsGraph& graph, const Real* points, std::size_t d,
                    const ClusterRule& rule, const KernelTable& kernels)
        : graph_(graph), points_(points), d_(d), rule_(rule), kernels_(kernels),
          limit_(largest_square(rule.eps)), rounded_(float(limit_ * graph.scale * graph.scale)),
          local_(graph.order.size(), outside) {}

    /// Each ascending, sorted by their smallest members; `members` ascend.
    Clusters operator()(std::span<const std::int32_t> members) {
        enter(members);
        const auto labels =
            rule_.kind == ClusterRule::Kind::dbscan ? dbscan() : single_linkage();
        Clusters clusters = gathered(members, labels);
        for (const std::uint32_t at : positions_) local_[at] = outside;
        return clusters;
    }

private:
    static constexpr std::uint32_t outside = std::numeric_limits<std::uint32_t>::max();

    /// Number the positions that hold members, and count the equal points of each.
    void enter(std::span<const std::int32_t> members) {
        positions_.clear();
        for (const std::int32_t point : members) {
            positions_.push_back(graph_.place[std::size_t(point)]);
        }
        std::sort(positions_.begin(), positions_.end());
        positions_.erase(std::unique(positions_.begin(), positions_.end()), positions_.end());
        for (std::size_t k = 0; k < positions_.size(); ++k) {
            local_[positions_[k]] = std::uint32_t(k);
        }
        counts_.assign(positions_.size(), 0);
        firsts_.resize(positions_.size());
        for (const std::int32_t point : members) {
            const std::uint32_t k = number_of(point);
            if (counts_[k]++ == 0) firsts_[k] = point;
        }
    }

    std::uint32_t number_of(std::int32_t point) const {
        return local_[graph_.place[std::size_t(point)]];
    }

    /// Equal points are neighbours and have the same ones, so all or none of them are core.
    std::vector<std::uint32_t> dbscan() const {
        const std::size_t n = positions_.size();
        std::vector<std::uint32_t> neighbours = counts_;
        each_pair([&](std::uint32_t i, std::uint32_t j, float) {
            neighbours[i] += counts_[j];
            neighbours[j] += counts_[i];
        });
        UnionFind sets(n);
        std::vector<std::uint32_t> nearest(n, outside);
        std::vector<double> reach(n);
        const auto is_core = [&](std::uint32_t k) { return neighbours[k] >= rule_.min_samples; };
        const auto reached = [&](std::uint32_t border, std::uint32_t core) {
            const double square = gap(positions_[border], positions_[core]);
            const bool nearer = nearest[border] == outside || square < reach[border] ||
                                (square == reach[border] && firsts_[core] < firsts_[nearest[border]]);
            if (!nearer) return;
            nearest[border] = core;
            reach[border] = square;
        };
        each_pair([&](std::uint32_t i, std::uint32_t j, float) {
            if (is_core(i) && is_core(j)) {
                sets.join(i, j);
            } else if (is_core(i)) {
                reached(j, i);
            } else if (is_core(j)) {
                reached(i, j);
            }
        });
        std::vector<std::uint32_t> labels(n, outside);
        for (std::uint32_t k = 0; k < n; ++k) {
            if (is_core(k)) {
                labels[k] = sets.root(k);
            } else if (nearest[k] != outside) {
                labels[k] = sets.root(nearest[k]);
            }
        }
        return labels;
    }

    template <typename Number>
    struct Merge {
        Number square;
        std::uint32_t first, second;
        bool operator<(const Merge& other) const { return square < other.square; }
    };

    std::vector<std::uint32_t> single_linkage() const {
        const std::size_t n = positions_.size();
        const auto merges = tree();
        const std::size_t gap_bin = first_gap(merges);
        UnionFind sets(n);
        for (const auto& merge : merges) {
            if (bin_of(merge.square) < gap_bin) sets.join(merge.first, merge.second);
        }
        std::vector<std::uint32_t> labels(n), sizes(n);
        for (std::uint32_t k = 0; k < n; ++k) sizes[labels[k] = sets.root(k)] += counts_[k];
        for (auto& label : labels) {
            if (sizes[label] < rule_.min_size) label = outside;
        }
        return labels;
    }

    /// A minimal spanning forest. Kept squares are rounded: those that are equal are measured again
    /// before one is preferred, and only what may merge is measured at all.
    std::vector<Merge<double>> tree() const {
        std::vector<Merge<float>> pairs;
        each_pair([&](std::uint32_t i, std::uint32_t j, float square) {
            pairs.push_back({square, i, j});
        });
        std::sort(pairs.begin(), pairs.end());
        UnionFind sets(positions_.size());
        std::vector<Merge<double>> merges, equal;
        for (auto pair = pairs.begin(); pair != pairs.end();) {
            equal.clear();
            for (const float square = pair->square; pair != pairs.end() && pair->square == square;
                 ++pair) {
                const auto [_, i, j] = *pair;
                if (sets.root(i) == sets.root(j)) continue;
                equal.push_back({gap(positions_[i], positions_[j]), i, j});
            }
            std::sort(equal.begin(), equal.end());
            for (const auto& merge : equal) {
                if (sets.join(merge.first, merge.second)) merges.push_back(merge);
            }
        }
        return merges;
    }

    std::size_t bin_of(double square) const {
        const double bin = std::sqrt(square) * double(rule_.n_bins) / rule_.eps;
        return std::min(std::size_t(bin), rule_.n_bins - 1);
    }

    /// The first empty bin of merge heights after one that is not, or the number of bins.
    std::size_t first_gap(const std::vector<Merge<double>>& merges) const {
        std::vector<bool> filled(rule_.n_bins);
        for (const auto& merge : merges) filled[bin_of(merge.square)] = true;
        // Equal points merge at height zero.
        if (std::any_of(counts_.begin(), counts_.end(), [](auto count) { return count > 1; })) {
            filled[0] = true;
        }
        const auto first = std::find(filled.begin(), filled.end(), true);
        return std::size_t(std::find(first, filled.end(), false) - filled.begin());
    }

    /// Call work(i, j, square) for each near pair within the element, by local numbers.
    template <class Work>
    void each_pair(Work&& work) const {
        for (std::uint32_t i = 0; i < positions_.size(); ++i) {
            graph_.after(positions_[i], [&](std::uint32_t other, float square) {
                const std::uint32_t j = local_[other];
                if (j != outside && is_near(positions_[i], other, square)) work(i, j, square);
            });
        }
    }

    /// Rounding keeps the order, so only what equals the rounded limit is measured again.
    bool is_near(std::uint32_t first, std::uint32_t second, float square) const {
        return square < rounded_ || (square == rounded_ && gap(first, second) <= limit_);
    }

    double gap(std::uint32_t first, std::uint32_t second) const {
        return kernels_.rows<Real>().squared_gap(points_ + graph_.order[first] * d_,
                                                 points_ + graph_.order[second] * d_, d_);
    }

    Clusters gathered(std::span<const std::int32_t> members,
                      const std::vector<std::uint32_t>& labels) const {
        std::vector<std::uint32_t> number(labels.size(), outside);
        Clusters clusters;
        for (const std::int32_t point : members) {
            const std::uint32_t label = labels[number_of(point)];
            if (label == outside) continue;
            auto& name = number[label];
            if (name == outside) {
                name = std::uint32_t(clusters.size());
                clusters.emplace_back();
            }
            clusters[name].push_back(point);
        }
        return clusters;
    }

    const EpsGraph& graph_;
    const Real* points_;
    std::size_t d_;
    const ClusterRule& rule_;
    const KernelTable& kernels_;
    double limit_;
    float rounded_;
    std::vector<std::uint32_t> local_;      // number of each position within the element
    std::vector<std::uint32_t> positions_;  // that hold members, ascending
    std::vector<std::uint32_t> counts_;     // members at each
    std::vector<std::int32_t> firsts_;      // the first member at each
};

/// Clusters of the named elements, each into its place of `out`.
template <typename Real>
void cluster_elements(const Sets& elements, std::span<const std::uint32_t> names,
                      const EpsGraph& graph, const Real* points, std::size_t d,
                      const ClusterRule& rule, const KernelTable& kernels, std::size_t threads,
                      std::vector<Clusters>& out) {
    threads = std::min(threads, names.size());
    std::atomic<std::size_t> next{0};
    in_parallel(threads, threads, [&](std::size_t) {
        ElementClusters<Real> clusters(graph, points, d, rule, kernels);
        for (std::size_t k; (k = next++) < names.size();) {
            out[names[k]] = clusters(elements[names[k]]);
        }
    });
}

}  // namespace topolens
