#include "topolens/sliced.hpp"

#include "arrays.hpp"

namespace topolens::bindings {

using namespace nb::literals;

SlicedDiagram slice_diagram(const Matrix<double>& pairs, std::size_t directions) {
    nb::gil_scoped_release unlocked;
    return topolens::slice_diagram(pairs.data(), pairs.shape(0), directions);
}

double sliced_wasserstein(const SlicedDiagram& first, const SlicedDiagram& second) {
    nb::gil_scoped_release unlocked;
    return topolens::sliced_wasserstein(first, second);
}

void bind_sliced(nb::module_& m) {
    nb::class_<SlicedDiagram>(m, "SlicedDiagram")
        .def_ro("count", &SlicedDiagram::count)
        .def_ro("directions", &SlicedDiagram::directions);
    m.def("slice_diagram", &slice_diagram, "pairs"_a.noconvert(), "directions"_a);
    m.def("sliced_wasserstein", &sliced_wasserstein, "first"_a, "second"_a);
}

}  // namespace topolens::bindings
