#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "topolens/element_clusters.hpp"

/// Clusters of all elements of a cover, at once or from an eps-graph that is kept.
namespace topolens {

template <typename Real>
struct PointTable {
    const Real* data;
    std::size_t n, d;
};

/// How much may be used, and who hears of the progress; `tell` throws to cancel.
template <class Tell>
struct Means {
    const KernelTable& kernels;
    std::size_t threads;
    std::size_t most_bytes;  // of near pairs at any time
    Tell& tell;
};

/// All near pairs that the rule lets meet.
template <typename Real, class Tell>
EpsGraph eps_graph(PointTable<Real> points, double eps, PairRule& rule, Means<Tell> means) {
    const NearPairs<Real> pairs(points.data, points.n, points.d, eps, rule, means.kernels,
                                means.threads);
    EpsGraph graph(pairs.order(), pairs.scale(), pairs.n_panels());
    GraphFiller<Real> filler(pairs, graph, means.threads, means.most_bytes);
    const std::size_t batch = 8 * means.threads;
    for (std::size_t begin = 0; begin < pairs.n_panels(); begin += batch) {
        const std::size_t end = std::min(begin + batch, pairs.n_panels());
        filler.fill(begin, end);
        const double left = 1 - double(end) / double(pairs.n_panels());
        means.tell(1 - left * left);
    }
    return graph;
}

/// Clusters of each element by a graph that holds every near pair within it.
template <typename Real>
std::vector<Clusters> clusters_from_graph(const EpsGraph& graph, PointTable<Real> points,
                                          const Sets& elements, const ClusterRule& rule,
                                          const KernelTable& kernels, std::size_t threads) {
    std::vector<Clusters> found(elements.size());
    std::vector<std::uint32_t> names(elements.size());
    std::iota(names.begin(), names.end(), std::uint32_t(0));
    // The largest first, or they would be waited for.
    std::sort(names.begin(), names.end(), [&](std::uint32_t a, std::uint32_t b) {
        return elements[a].size() > elements[b].size();
    });
    cluster_elements(elements, names, graph, points.data, points.d, rule, kernels, threads, found);
    return found;
}

/// The same without a graph: pairs live from the time they are found until the last element that
/// may need them is clustered, so memory follows the widest elements and not the cloud.
template <typename Real, class Tell>
std::vector<Clusters> clusters_at_once(PointTable<Real> points, const Sets& elements,
                                       const ClusterRule& rule, Means<Tell> means,
                                       Effort* effort = nullptr) {
    CoverRule cover(elements, points.n);
    const NearPairs<Real> pairs(points.data, points.n, points.d, rule.eps, cover, means.kernels,
                                means.threads);
    EpsGraph graph(pairs.order(), pairs.scale(), pairs.n_panels());
    GraphFiller<Real> filler(pairs, graph, means.threads, means.most_bytes);

    // An element can be clustered once its last panel is there, and the rows of a panel are of no
    // more use after the last of its elements.
    std::vector<std::vector<std::uint32_t>> ready(pairs.n_panels());
    std::vector<std::uint32_t> needed_until(pairs.n_panels());
    for (std::size_t panel = 0; panel < pairs.n_panels(); ++panel) {
        needed_until[panel] = std::uint32_t(panel);
    }
    for (std::uint32_t e = 0; e < elements.size(); ++e) {
        const auto& panels = cover.panels(e);
        if (panels.empty()) continue;
        ready[panels.back()].push_back(e);
        for (const std::uint32_t panel : panels) {
            needed_until[panel] = std::max(needed_until[panel], panels.back());
        }
    }
    std::vector<std::vector<std::uint32_t>> useless(pairs.n_panels());
    for (std::uint32_t panel = 0; panel < pairs.n_panels(); ++panel) {
        useless[needed_until[panel]].push_back(panel);
    }

    std::vector<Clusters> found(elements.size());
    const std::size_t batch = 8 * means.threads;
    for (std::size_t begin = 0; begin < pairs.n_panels(); begin += batch) {
        const std::size_t end = std::min(begin + batch, pairs.n_panels());
        filler.fill(begin, end);
        std::vector<std::uint32_t> names;
        for (std::size_t panel = begin; panel < end; ++panel) {
            names.insert(names.end(), ready[panel].begin(), ready[panel].end());
        }
        cluster_elements(elements, names, graph, points.data, points.d, rule, means.kernels,
                         means.threads, found);
        for (std::size_t panel = begin; panel < end; ++panel) {
            for (const std::uint32_t old : useless[panel]) filler.release(old);
        }
        means.tell(double(end) / double(pairs.n_panels()));
    }
    if (effort) *effort = graph.effort;
    return found;
}

}  // namespace topolens
