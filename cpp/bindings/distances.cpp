#include "topolens/distances.hpp"

#include <nanobind/stl/optional.h>

#include <memory>
#include <optional>

#include "arrays.hpp"
#include "progress.hpp"

namespace topolens::bindings {

using namespace nb::literals;

template <typename Real>
Table<Real> pairwise_distances(const Matrix<Real>& points, Metric metric, std::size_t threads,
                                std::optional<nb::callable> report) {
    const std::size_t n = points.shape(0);
    auto owned = std::make_unique_for_overwrite<Real[]>(n * n);
    const Progress progress = progress_to(std::move(report));
    {
        nb::gil_scoped_release unlocked;  // only `progress` touches Python, and takes the lock
        const PairwiseDistances<Real> distances(points.data(), n, points.shape(1), metric,
                                                kernels_for_this_machine());
        distances.into(owned.get(), threads, [&] { progress(0.0); });
    }
    return table(std::move(owned), n, n);
}

/// What the angular metrics compare: for kernels that run elsewhere.
template <typename Real>
Table<Real> unit_rows(const Matrix<Real>& points, bool centred) {
    const std::size_t n = points.shape(0), d = points.shape(1);
    auto* units = new std::vector<Real>(topolens::unit_rows(points.data(), n, d, centred));
    nb::capsule owner(units, [](void* p) noexcept { delete static_cast<std::vector<Real>*>(p); });
    return Table<Real>(units->data(), {n, d}, owner);
}

void bind_distances(nb::module_& m) {
    nb::enum_<Metric>(m, "Metric")
        .value("euclidean", Metric::euclidean)
        .value("manhattan", Metric::manhattan)
        .value("chebyshev", Metric::chebyshev)
        .value("cosine", Metric::cosine)
        .value("correlation", Metric::correlation);
    // noconvert: the Python layer owns conversions, so no hidden copy or cast happens here.
    m.def("unit_rows", &unit_rows<float>, "points"_a.noconvert(), "centred"_a);
    m.def("unit_rows", &unit_rows<double>, "points"_a.noconvert(), "centred"_a);
    m.def("pairwise_distances", &pairwise_distances<float>, "points"_a.noconvert(), "metric"_a,
          "threads"_a, "progress"_a.none());
    m.def("pairwise_distances", &pairwise_distances<double>, "points"_a.noconvert(), "metric"_a,
          "threads"_a, "progress"_a.none());
}

}  // namespace topolens::bindings
