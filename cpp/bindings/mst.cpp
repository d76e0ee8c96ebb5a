#include "topolens/mst.hpp"

#include "arrays.hpp"

namespace topolens::bindings {

using namespace nb::literals;

template <typename T>
Vector<double> mst_edge_lengths(const Matrix<T>& distances) {
    std::vector<double> lengths;
    {
        nb::gil_scoped_release unlocked;  // no Python object is touched in this block
        lengths = topolens::mst_edge_lengths(distances.data(), distances.shape(0));
    }
    return to_numpy(std::move(lengths));
}

void bind_mst(nb::module_& m) {
    // noconvert: the Python layer owns conversions, so no hidden copy or cast happens here.
    m.def("mst_edge_lengths", &mst_edge_lengths<float>, "distances"_a.noconvert());
    m.def("mst_edge_lengths", &mst_edge_lengths<double>, "distances"_a.noconvert());
}

}  // namespace topolens::bindings
