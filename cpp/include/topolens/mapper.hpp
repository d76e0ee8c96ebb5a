#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
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

/// Values of n_points times some lenses, and the largest difference of a pair along each.
struct Window {
    std::span<const double> values, widths;
};

/// All near pairs of distinct rows whose values differ by at most the window.
template <typename Real, class Tell>
EpsGraph eps_graph(PointTable<Real> points, double eps, Window window, Means<Tell> means) {
    const DistinctRows distinct(points.data, points.n, points.d, window.values,
                                window.widths.size(), means.threads);
    WindowRule rule(window.values, window.widths, distinct.firsts());
    const NearPairs<Real> pairs(points.data, points.d, distinct, eps, rule, means.kernels,
                                means.threads);
    EpsGraph graph(pairs, distinct);
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

/// When the elements of a cover can be clustered, and when near pairs are of no more use.
struct Schedule {
    std::vector<std::vector<std::uint32_t>> ready;    // elements, by their last panel
    std::vector<std::vector<std::uint32_t>> useless;  // panels, by the last panel of their elements

    Schedule(const CoverRule& cover, std::size_t n_panels) : ready(n_panels), useless(n_panels) {
        std::vector<std::uint32_t> needed_until(n_panels);
        std::iota(needed_until.begin(), needed_until.end(), std::uint32_t(0));
        for (std::uint32_t e = 0; e < cover.elements().size(); ++e) {
            const auto& panels = cover.panels(e);
            if (panels.empty()) continue;
            ready[panels.back()].push_back(e);
            for (const std::uint32_t panel : panels) {
                needed_until[panel] = std::max(needed_until[panel], panels.back());
            }
        }
        for (std::uint32_t panel = 0; panel < n_panels; ++panel) {
            useless[needed_until[panel]].push_back(panel);
        }
    }
};

/// The same without a graph: pairs live from the time they are found until the last element that
/// may need them is clustered, so memory follows the widest elements and not the cloud.
template <typename Real, class Tell>
std::vector<Clusters> clusters_at_once(PointTable<Real> points, const Sets& elements,
                                       const ClusterRule& rule, Means<Tell> means) {
    const DistinctRows distinct(points.data, points.n, points.d, {}, 0, means.threads);
    const SetsOfRows of_rows(elements, distinct);
    CoverRule cover(of_rows.sets(), distinct.count());
    const NearPairs<Real> pairs(points.data, points.d, distinct, rule.eps, cover, means.kernels,
                                means.threads);
    EpsGraph graph(pairs, distinct);
    GraphFiller<Real> filler(pairs, graph, means.threads, means.most_bytes);

    const Schedule schedule(cover, pairs.n_panels());
    std::vector<Clusters> found(elements.size());
    const std::size_t batch = 8 * means.threads;
    for (std::size_t begin = 0; begin < pairs.n_panels(); begin += batch) {
        const std::size_t end = std::min(begin + batch, pairs.n_panels());
        filler.fill(begin, end);
        std::vector<std::uint32_t> names;
        for (std::size_t panel = begin; panel < end; ++panel) {
            const auto& ready = schedule.ready[panel];
            names.insert(names.end(), ready.begin(), ready.end());
        }
        cluster_elements(elements, names, graph, points.data, points.d, rule, means.kernels,
                         means.threads, found);
        for (std::size_t panel = begin; panel < end; ++panel) {
            for (const std::uint32_t old : schedule.useless[panel]) filler.release(old);
        }
        means.tell(double(end) / double(pairs.n_panels()));
    }
    return found;
}

/// What finding near pairs will take, from panels evenly spread over all.
struct NearForecast {
    double pairs = 0;
    double most_pairs_at_once = 0;
    double seconds = 0;  // of one processor
};

/// With `cover`, which is then the rule, pairs are dropped when its elements are clustered.
template <typename Real>
NearForecast near_forecast(PointTable<Real> points, const DistinctRows& distinct, double eps,
                           PairRule& rule, const CoverRule* cover, const KernelTable& kernels,
                           std::size_t n_sampled) {
    // Of this process, so that others on the machine do not count.
    const auto seconds_since = [](std::clock_t start) {
        return double(std::clock() - start) / CLOCKS_PER_SEC;
    };
    const std::clock_t begun = std::clock();
    const NearPairs<Real> pairs(points.data, points.d, distinct, eps, rule, kernels, 1);
    const std::size_t n_panels = pairs.n_panels();
    NearForecast found;
    found.seconds = seconds_since(begun);
    n_sampled = std::min(n_sampled, n_panels);
    const std::clock_t sampling = std::clock();
    std::vector<double> pairs_of(n_panels);
    for (std::size_t k = 0; k < n_sampled; ++k) {
        const NearRows rows = pairs.rows_of((2 * k + 1) * n_panels / (2 * n_sampled));
        // The sampled panel stands for those around it.
        const std::size_t begin = k * n_panels / n_sampled, end = (k + 1) * n_panels / n_sampled;
        std::fill(pairs_of.begin() + std::ptrdiff_t(begin), pairs_of.begin() + std::ptrdiff_t(end),
                  double(rows.positions.size()));
    }
    found.seconds += seconds_since(sampling) * double(n_panels) / double(n_sampled);
    for (const double count : pairs_of) found.pairs += count;
    found.most_pairs_at_once = found.pairs;
    if (!cover) return found;
    const Schedule schedule(*cover, n_panels);
    double held = 0;
    found.most_pairs_at_once = 0;
    for (std::size_t panel = 0; panel < n_panels; ++panel) {
        held += pairs_of[panel];
        found.most_pairs_at_once = std::max(found.most_pairs_at_once, held);
        for (const std::uint32_t old : schedule.useless[panel]) held -= pairs_of[old];
    }
    return found;
}

}  // namespace topolens
