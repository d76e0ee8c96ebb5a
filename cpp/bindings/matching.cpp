#include "topolens/bottleneck.hpp"
#include "topolens/wasserstein.hpp"

#include "arrays.hpp"
#include "progress.hpp"

namespace topolens::bindings {

using namespace nb::literals;

BarTree bar_tree(const Matrix<double>& pairs) {
    nb::gil_scoped_release unlocked;
    return BarTree(pairs.data(), pairs.shape(0));
}

double bottleneck(const BarTree& first, const BarTree& second, Ground ground) {
    nb::gil_scoped_release unlocked;
    return topolens::bottleneck(first, second, ground);
}

nb::tuple wasserstein(const BarTree& first, const BarTree& second, Ground ground, double order,
                      double relative_error) {
    const Progress progress = progress_to(std::nullopt);  // so that Ctrl-C stops it
    Bracket found{};
    {
        nb::gil_scoped_release unlocked;  // only `progress` touches Python, and takes the lock
        found = topolens::wasserstein(first, second, ground, order, relative_error,
                                      [&] { progress(0.0); });
    }
    return nb::make_tuple(found.low, found.high);
}

void bind_matching(nb::module_& m) {
    nb::enum_<Ground>(m, "Ground")
        .value("l1", Ground::manhattan)
        .value("l2", Ground::euclidean)
        .value("linf", Ground::chebyshev);
    nb::class_<BarTree>(m, "BarTree");
    m.def("bar_tree", &bar_tree, "pairs"_a.noconvert());
    m.def("bottleneck", &bottleneck, "first"_a, "second"_a, "ground"_a);
    m.def("wasserstein", &wasserstein, "first"_a, "second"_a, "ground"_a, "order"_a,
          "relative_error"_a);
}

}  // namespace topolens::bindings
