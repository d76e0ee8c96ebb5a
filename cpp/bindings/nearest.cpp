#include "topolens/nearest.hpp"

#include <memory>

#include "arrays.hpp"

namespace topolens::bindings {

using namespace nb::literals;

using Screen = Matrix<float>;
using Offsets = nb::ndarray<const double, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <typename Real>
nb::tuple arrays_of(Nearest<Real>&& found) {
    return nb::make_tuple(to_numpy(std::move(found.names)), to_numpy(std::move(found.lengths)),
                          to_numpy(std::move(found.counts)));
}

/// Points and all that their distances need once.
template <typename Real>
struct NearestSearch {
    Matrix<Real> points;  // keeps the array alive
    PairwiseDistances<Real> distances;

    NearestSearch(Matrix<Real> given, Metric metric)
        : points(given),
          distances(given.data(), given.shape(0), given.shape(1), metric,
                    kernels_for_this_machine()) {}

    /// Rows of the matrix of distances.
    Table<Real> rows(std::size_t begin, std::size_t end) const {
        const std::size_t n = distances.n_points();
        auto owned = std::make_unique_for_overwrite<Real[]>((end - begin) * n);
        {
            nb::gil_scoped_release unlocked;
            distances.rows_into(begin, end, owned.get());
        }
        return table(std::move(owned), end - begin, n);
    }

    nb::tuple of_rows(std::size_t begin, std::size_t end, std::size_t k, bool ties) const {
        Nearest<Real> found;
        {
            nb::gil_scoped_release unlocked;
            const std::size_t n = distances.n_points();
            std::vector<Real> rows((end - begin) * n);
            distances.rows_into(begin, end, rows.data());
            nearest_in_rows(rows.data(), begin, end - begin, n, {k, ties},
                            kernels_for_this_machine(), found);
        }
        return arrays_of(std::move(found));
    }

    nb::tuple by_screen(const Screen& screen, const Offsets& offsets, int exponent,
                        std::size_t begin, std::size_t k, bool ties) const {
        Nearest<Real> found;
        {
            nb::gil_scoped_release unlocked;
            nearest_by_screen(screen.data(), offsets.data(), exponent, begin, screen.shape(0),
                              distances, {k, ties}, kernels_for_this_machine(), found);
        }
        return arrays_of(std::move(found));
    }
};

template <typename Real>
nb::tuple nearest_in_matrix(const Matrix<Real>& distances, std::size_t begin, std::size_t end,
                            std::size_t k, bool ties) {
    Nearest<Real> found;
    {
        nb::gil_scoped_release unlocked;
        const std::size_t n = distances.shape(0);
        nearest_in_rows(distances.data() + begin * n, begin, end - begin, n, {k, ties},
                        kernels_for_this_machine(), found);
    }
    return arrays_of(std::move(found));
}

template <typename Real>
void bind_nearest_for(nb::module_& m, const char* name) {
    using Search = NearestSearch<Real>;
    nb::class_<Search>(m, name)
        .def("rows", &Search::rows, "begin"_a, "end"_a)
        .def("of_rows", &Search::of_rows, "begin"_a, "end"_a, "k"_a, "ties"_a)
        .def("by_screen", &Search::by_screen, "screen"_a.noconvert(), "offsets"_a.noconvert(),
             "exponent"_a, "begin"_a, "k"_a, "ties"_a);
    // noconvert: the Python layer owns conversions, so no hidden copy or cast happens here.
    m.def("nearest_search",
          [](const Matrix<Real>& points, Metric metric) { return Search(points, metric); },
          "points"_a.noconvert(), "metric"_a);
    m.def("nearest_in_matrix", &nearest_in_matrix<Real>, "distances"_a.noconvert(), "begin"_a,
          "end"_a, "k"_a, "ties"_a);
}

void bind_nearest(nb::module_& m) {
    bind_nearest_for<float>(m, "NearestSearchSingle");
    bind_nearest_for<double>(m, "NearestSearchWide");
}

}  // namespace topolens::bindings
