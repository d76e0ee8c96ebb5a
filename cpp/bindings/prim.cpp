#include "topolens/prim.hpp"

#include "arrays.hpp"

namespace topolens::bindings {

using namespace nb::literals;

using Names = nb::ndarray<const std::uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

template <typename Real>
Vector<Real> spanning_lengths(const Matrix<Real>& distances, const std::uint32_t* names,
                              std::size_t n) {
    std::vector<Real> lengths;
    {
        nb::gil_scoped_release unlocked;  // no Python object is touched in this block
        lengths = topolens::spanning_lengths<Real>({distances.data(), distances.shape(0)}, names, n,
                                                   kernels_for_this_machine());
    }
    return to_numpy(std::move(lengths));
}

template <typename Real>
void bind_prim_for(nb::module_& m) {
    // noconvert: the Python layer owns conversions, so no hidden copy or cast happens here.
    m.def("spanning_lengths",
          [](const Matrix<Real>& distances) {
              return spanning_lengths(distances, nullptr, distances.shape(0));
          },
          "distances"_a.noconvert());
    m.def("spanning_lengths_of_subset",
          [](const Matrix<Real>& distances, const Names& names) {
              return spanning_lengths(distances, names.data(), names.shape(0));
          },
          "distances"_a.noconvert(), "names"_a.noconvert());
}

void bind_prim(nb::module_& m) {
    bind_prim_for<float>(m);
    bind_prim_for<double>(m);
}

}  // namespace topolens::bindings
