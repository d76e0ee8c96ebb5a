#include "topolens/landscape.hpp"

#include <nanobind/stl/tuple.h>

#include <tuple>

#include "arrays.hpp"

namespace topolens::bindings {

using namespace nb::literals;

template <typename T>
using Values = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

std::tuple<Vector<std::int64_t>, Vector<double>, Vector<double>> landscape(
    const Matrix<double>& pairs, std::size_t most) {
    Landscape result;
    {
        nb::gil_scoped_release unlocked;
        result = topolens::landscape(pairs.data(), pairs.shape(0), most);
    }
    return {to_numpy(std::move(result.starts)), to_numpy(std::move(result.scales)),
            to_numpy(std::move(result.heights))};
}

std::vector<Layer> layers_of(const Values<std::int64_t>& starts, const Values<double>& scales,
                             const Values<double>& heights) {
    std::vector<Layer> layers;
    for (std::size_t k = 0; k + 1 < starts.shape(0); ++k) {
        const std::int64_t start = starts.data()[k];
        layers.push_back({scales.data() + start, heights.data() + start,
                          static_cast<std::size_t>(starts.data()[k + 1] - start)});
    }
    return layers;
}

double landscape_distance(const Values<std::int64_t>& first_starts,
                          const Values<double>& first_scales,
                          const Values<double>& first_heights,
                          const Values<std::int64_t>& second_starts,
                          const Values<double>& second_scales,
                          const Values<double>& second_heights, double power) {
    nb::gil_scoped_release unlocked;
    return topolens::landscape_distance(layers_of(first_starts, first_scales, first_heights),
                                        layers_of(second_starts, second_scales, second_heights),
                                        power);
}

void bind_landscape(nb::module_& m) {
    m.def("landscape", &landscape, "pairs"_a.noconvert(), "most"_a);
    m.def("landscape_distance", &landscape_distance, "first_starts"_a.noconvert(),
          "first_scales"_a.noconvert(), "first_heights"_a.noconvert(),
          "second_starts"_a.noconvert(), "second_scales"_a.noconvert(),
          "second_heights"_a.noconvert(), "power"_a);
}

}  // namespace topolens::bindings
