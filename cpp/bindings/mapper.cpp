#include "topolens/mapper.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/unique_ptr.h>

#include <memory>
#include <optional>

#include "arrays.hpp"
#include "progress.hpp"

namespace topolens::bindings {

using namespace nb::literals;

template <typename T>
using Column = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

Sets sets_of(const Column<std::int64_t>& offsets, const Column<std::int32_t>& members) {
    return {{offsets.data(), offsets.shape(0)}, {members.data(), members.shape(0)}};
}

template <typename Real>
PointTable<Real> table_of(const Matrix<Real>& points) {
    return {points.data(), points.shape(0), points.shape(1)};
}

Window window_of(const Matrix<double>& lens, const Column<double>& window) {
    return {{lens.data(), lens.size()}, {window.data(), window.shape(0)}};
}

/// Offsets and members of all clusters, and the element of each.
nb::tuple to_arrays(const std::vector<Clusters>& found) {
    std::vector<std::int64_t> offsets{0};
    std::vector<std::int32_t> members, elements;
    for (std::size_t element = 0; element < found.size(); ++element) {
        for (const auto& cluster : found[element]) {
            members.insert(members.end(), cluster.begin(), cluster.end());
            offsets.push_back(std::int64_t(members.size()));
            elements.push_back(std::int32_t(element));
        }
    }
    return nb::make_tuple(to_numpy(std::move(offsets)), to_numpy(std::move(members)),
                          to_numpy(std::move(elements)));
}

template <typename Real>
nb::tuple mapper_clusters(const Matrix<Real>& points, const Column<std::int64_t>& offsets,
                          const Column<std::int32_t>& members, const ClusterRule& rule,
                          std::size_t threads, std::size_t most_bytes,
                          std::optional<nb::callable> progress) {
    Progress tell = progress_to(std::move(progress));
    std::vector<Clusters> found;
    {
        nb::gil_scoped_release unlocked;  // only `tell` touches Python, and takes the lock
        const Means<Progress> means{kernels_for_this_machine(), threads, most_bytes, tell};
        found = clusters_at_once(table_of(points), sets_of(offsets, members), rule, means);
    }
    return to_arrays(found);
}

template <typename Real>
std::unique_ptr<EpsGraph> eps_graph(const Matrix<Real>& points, double eps,
                                    const Matrix<double>& lens, const Column<double>& window,
                                    std::size_t threads, std::size_t most_bytes,
                                    std::optional<nb::callable> progress) {
    Progress tell = progress_to(std::move(progress));
    nb::gil_scoped_release unlocked;  // only `tell` touches Python, and takes the lock
    const Means<Progress> means{kernels_for_this_machine(), threads, most_bytes, tell};
    return std::make_unique<EpsGraph>(
        topolens::eps_graph(table_of(points), eps, window_of(lens, window), means));
}

template <typename Real>
nb::tuple clusters_of_graph(const EpsGraph& graph, const Matrix<Real>& points,
                            const Column<std::int64_t>& offsets,
                            const Column<std::int32_t>& members, const ClusterRule& rule,
                            std::size_t threads) {
    std::vector<Clusters> found;
    {
        nb::gil_scoped_release unlocked;  // no Python object is touched in this block
        found = clusters_from_graph(graph, table_of(points), sets_of(offsets, members), rule,
                                    kernels_for_this_machine(), threads);
    }
    return to_arrays(found);
}

template <typename Real>
NearForecast forecast_of_cover(const Matrix<Real>& points, double eps,
                               const Column<std::int64_t>& offsets,
                               const Column<std::int32_t>& members, std::size_t n_sampled) {
    nb::gil_scoped_release unlocked;  // no Python object is touched below
    const DistinctRows distinct(points.data(), points.shape(0), points.shape(1), {}, 0, 1);
    const SetsOfRows of_rows(sets_of(offsets, members), distinct);
    CoverRule rule(of_rows.sets(), distinct.count());
    return near_forecast(table_of(points), distinct, eps, rule, &rule, kernels_for_this_machine(),
                         n_sampled);
}

template <typename Real>
NearForecast forecast_of_window(const Matrix<Real>& points, double eps, const Matrix<double>& lens,
                                const Column<double>& window, std::size_t n_sampled) {
    nb::gil_scoped_release unlocked;  // no Python object is touched below
    const auto [values, widths] = window_of(lens, window);
    const DistinctRows distinct(points.data(), points.shape(0), points.shape(1), values,
                                widths.size(), 1);
    WindowRule rule(values, widths, distinct.firsts());
    return near_forecast(table_of(points), distinct, eps, rule, nullptr,
                         kernels_for_this_machine(), n_sampled);
}

nb::tuple nerve(const Column<std::int64_t>& offsets, const Column<std::int32_t>& members,
                std::size_t n_points) {
    std::vector<std::int32_t> firsts, seconds, shared;
    {
        nb::gil_scoped_release unlocked;  // no Python object is touched in this block
        for (const Overlap& overlap : topolens::nerve(sets_of(offsets, members), n_points)) {
            firsts.push_back(overlap.first);
            seconds.push_back(overlap.second);
            shared.push_back(overlap.shared);
        }
    }
    return nb::make_tuple(to_numpy(std::move(firsts)), to_numpy(std::move(seconds)),
                          to_numpy(std::move(shared)));
}

/// Pairs of distinct rows as (i, j, distance), i < j the first points of each.
nb::tuple pairs_of(const EpsGraph& graph) {
    std::vector<std::int32_t> firsts, seconds;
    std::vector<double> distances;
    for (std::size_t at = 0; at < graph.order.size(); ++at) {
        graph.after(at, [&](std::uint32_t other, float square) {
            const auto [i, j] = std::minmax(graph.order[at], graph.order[other]);
            firsts.push_back(std::int32_t(i));
            seconds.push_back(std::int32_t(j));
            distances.push_back(std::sqrt(double(square)) / graph.scale);
        });
    }
    return nb::make_tuple(to_numpy(std::move(firsts)), to_numpy(std::move(seconds)),
                          to_numpy(std::move(distances)));
}

/// An eps-graph whose candidates come from outside, some panels at a time.
template <typename Real>
struct NearTiles {
    Matrix<Real> points;
    Matrix<double> lens;
    Column<double> window;
    DistinctRows distinct;
    WindowRule rule;
    NearPairs<Real> pairs;
    EpsGraph graph;
    std::size_t left;  // bytes that pairs may still take

    NearTiles(Matrix<Real> of_points, double eps, Matrix<double> of_lens, Column<double> of_window,
              std::size_t most_bytes)
        : points(std::move(of_points)), lens(std::move(of_lens)), window(std::move(of_window)),
          distinct(points.data(), points.shape(0), points.shape(1), window_of(lens, window).values,
                   window.shape(0), 1),
          rule(window_of(lens, window).values, window_of(lens, window).widths, distinct.firsts()),
          pairs(points.data(), points.shape(1), distinct, eps, rule, kernels_for_this_machine(), 1),
          graph(pairs, distinct), left(most_bytes) {}

    Vector<float> packed() const {
        const Panels& panels = pairs.panels();
        const std::size_t size = panels.count() * Panels::rows * panels.features();
        return to_numpy(std::vector<float>(panels.packed(0), panels.packed(0) + size));
    }
    Vector<float> floors() const {
        const float* begin = pairs.panels().floors(0);
        return to_numpy(std::vector<float>(begin, begin + pairs.panels().count() * Panels::rows));
    }
    Vector<float> starts() const {
        const float* begin = pairs.panels().starts(0);
        return to_numpy(std::vector<float>(begin, begin + pairs.panels().count() * Panels::rows));
    }
    void add(std::size_t panel, const Column<std::int64_t>& rows,
             const Column<std::int64_t>& positions) {
        NearRows near = pairs.rows_of(panel, {rows.data(), rows.shape(0)},
                                      {positions.data(), positions.shape(0)});
        if (near.bytes() > left) throw std::bad_alloc();
        left -= near.bytes();
        graph.n_pairs += near.positions.size();
        graph.rows[panel] = std::move(near);
    }
};

template <typename Real>
void bind_near_tiles(nb::module_& m, const char* name) {
    using Tiles = NearTiles<Real>;
    nb::class_<Tiles>(m, name)
        .def(nb::init<Matrix<Real>, double, Matrix<double>, Column<double>, std::size_t>(),
             "points"_a.noconvert(), "eps"_a, "lens"_a.noconvert(), "window"_a.noconvert(),
             "most_bytes"_a)
        .def_prop_ro("n_panels", [](const Tiles& tiles) { return tiles.pairs.n_panels(); })
        .def("packed", &Tiles::packed)
        .def("floors", &Tiles::floors)
        .def("starts", &Tiles::starts)
        .def("near_panels", [](const Tiles& tiles, std::size_t begin, std::size_t end) {
            return to_numpy(tiles.pairs.near_panels(begin, end));
        })
        .def("add", &Tiles::add, "panel"_a, "rows"_a.noconvert(), "positions"_a.noconvert())
        .def("finish", [](Tiles& tiles) {
            return std::make_unique<EpsGraph>(std::move(tiles.graph));
        });
}

template <typename Real>
void bind_mapper_for(nb::module_& m) {
    // noconvert: the Python layer owns conversions, so no hidden copy or cast happens here.
    m.def("mapper_clusters", &mapper_clusters<Real>, "points"_a.noconvert(),
          "offsets"_a.noconvert(), "members"_a.noconvert(), "rule"_a, "threads"_a, "most_bytes"_a,
          "progress"_a.none());
    m.def("eps_graph", &eps_graph<Real>, "points"_a.noconvert(), "eps"_a, "lens"_a.noconvert(),
          "window"_a.noconvert(), "threads"_a, "most_bytes"_a, "progress"_a.none());
    m.def("clusters_of_graph", &clusters_of_graph<Real>, "graph"_a, "points"_a.noconvert(),
          "offsets"_a.noconvert(), "members"_a.noconvert(), "rule"_a, "threads"_a);
    m.def("forecast_of_cover", &forecast_of_cover<Real>, "points"_a.noconvert(), "eps"_a,
          "offsets"_a.noconvert(), "members"_a.noconvert(), "n_sampled"_a);
    m.def("forecast_of_window", &forecast_of_window<Real>, "points"_a.noconvert(), "eps"_a,
          "lens"_a.noconvert(), "window"_a.noconvert(), "n_sampled"_a);
}

void bind_mapper(nb::module_& m) {
    nb::class_<ClusterRule>(m, "ClusterRule");
    m.def("dbscan_rule", [](double eps, std::size_t min_samples) {
        return ClusterRule{ClusterRule::Kind::dbscan, eps, min_samples, 1, 1};
    });
    m.def("single_linkage_rule", [](double eps, std::size_t n_bins, std::size_t min_size) {
        return ClusterRule{ClusterRule::Kind::single_linkage, eps, 1, n_bins, min_size};
    });
    nb::class_<EpsGraph>(m, "EpsGraph")
        .def_prop_ro("n_pairs", [](const EpsGraph& graph) { return graph.n_pairs; })
        .def("pairs", &pairs_of);
    nb::class_<NearForecast>(m, "NearForecast")
        .def_ro("pairs", &NearForecast::pairs)
        .def_ro("most_pairs_at_once", &NearForecast::most_pairs_at_once)
        .def_ro("seconds", &NearForecast::seconds);
    bind_mapper_for<float>(m);
    bind_mapper_for<double>(m);
    bind_near_tiles<float>(m, "NearTilesFloat");
    bind_near_tiles<double>(m, "NearTilesDouble");
    m.def("nerve", &nerve, "offsets"_a.noconvert(), "members"_a.noconvert(), "n_points"_a);
}

}  // namespace topolens::bindings
