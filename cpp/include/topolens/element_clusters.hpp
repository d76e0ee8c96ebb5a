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

    /// Each ascending, sorted by their smallest members.
    Clusters operator()(std::span<const std::int32_t> members) {
        positions_.clear();
        for (const std::int32_t point : members) {
            positions_.push_back(graph_.place[std::size_t(point)]);
        }
        std::sort(positions_.begin(), positions_.end());
        for (std::size_t k = 0; k < positions_.size(); ++k) {
            local_[positions_[k]] = std::uint32_t(k);
        }
        const auto labels =
            rule_.kind == ClusterRule::Kind::dbscan ? dbscan() : single_linkage();
        for (const std::uint32_t at : positions_) local_[at] = outside;
        return gathered(labels);
    }

private:
    static constexpr std::uint32_t outside = std::numeric_limits<std::uint32_t>::max();

    std::vector<std::uint32_t> dbscan() const {
        const std::size_t n = positions_.size();
        std::vector<std::uint32_t> neighbours(n, 1);
        each_pair([&](std::uint32_t i, std::uint32_t j, float) {
            ++neighbours[i];
            ++neighbours[j];
        });
        UnionFind sets(n);
        std::vector<std::uint32_t> nearest(n, outside);
        std::vector<double> reach(n);
        const auto is_core = [&](std::uint32_t k) { return neighbours[k] >= rule_.min_samples; };
        const auto reached = [&](std::uint32_t border, std::uint32_t core) {
            const double square = gap(positions_[border], positions_[core]);
            const bool nearer = nearest[border] == outside || square < reach[border] ||
                                (square == reach[border] && point(core) < point(nearest[border]));
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

    struct Merge {
        float square;
        std::uint32_t first, second;
    };

    std::vector<std::uint32_t> single_linkage() const {
        const std::size_t n = positions_.size();
        std::vector<Merge> pairs;
        each_pair([&](std::uint32_t i, std::uint32_t j, float square) {
            pairs.push_back({square, i, j});
        });
        std::sort(pairs.begin(), pairs.end(),
                  [](const Merge& a, const Merge& b) { return a.square < b.square; });
        UnionFind tree(n);
        std::erase_if(pairs, [&](const Merge& m) { return !tree.join(m.first, m.second); });
        const std::size_t gap_bin = first_gap(pairs);
        UnionFind sets(n);
        for (const Merge& merge : pairs) {
            if (bin_of(merge.square) < gap_bin) sets.join(merge.first, merge.second);
        }
        std::vector<std::uint32_t> labels(n), sizes(n);
        for (std::uint32_t k = 0; k < n; ++k) ++sizes[labels[k] = sets.root(k)];
        for (auto& label : labels) {
            if (sizes[label] < rule_.min_size) label = outside;
        }
        return labels;
    }

    std::size_t bin_of(float square) const {
        const double height = std::sqrt(double(square)) / graph_.scale;
        return std::min(std::size_t(height * double(rule_.n_bins) / rule_.eps), rule_.n_bins - 1);
    }

    /// The first empty bin of merge heights after one that is not, or the number of bins.
    std::size_t first_gap(const std::vector<Merge>& merges) const {
        std::vector<bool> filled(rule_.n_bins);
        for (const Merge& merge : merges) filled[bin_of(merge.square)] = true;
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

    std::uint32_t point(std::uint32_t k) const { return graph_.order[positions_[k]]; }

    Clusters gathered(const std::vector<std::uint32_t>& labels) const {
        std::vector<std::uint32_t> number(labels.size(), outside);
        Clusters clusters;
        for (std::uint32_t k = 0; k < labels.size(); ++k) {
            if (labels[k] == outside) continue;
            auto& name = number[labels[k]];
            if (name == outside) {
                name = std::uint32_t(clusters.size());
                clusters.emplace_back();
            }
            clusters[name].push_back(std::int32_t(point(k)));
        }
        for (auto& cluster : clusters) std::sort(cluster.begin(), cluster.end());
        std::sort(clusters.begin(), clusters.end(),
                  [](const auto& a, const auto& b) { return a.front() < b.front(); });
        return clusters;
    }

    const EpsGraph& graph_;
    const Real* points_;
    std::size_t d_;
    const ClusterRule& rule_;
    const KernelTable& kernels_;
    double limit_;
    float rounded_;
    std::vector<std::uint32_t> local_;
    std::vector<std::uint32_t> positions_;
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
