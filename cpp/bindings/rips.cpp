#include "topolens/rips.hpp"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "arrays.hpp"
#include "progress.hpp"

namespace topolens::bindings {

using namespace nb::literals;

/// Copy `width` numbers for each bar into an array of its own.
template <typename T, typename Real, class Read>
Table<T> table(const Bars<Real>& bars, std::size_t width, Read read) {
    auto owned = std::make_unique<T[]>(bars.size() * width);
    T* next = owned.get();
    for (const auto& bar : bars) {
        for (std::size_t k = 0; k < width; ++k) *next++ = read(bar, k);
    }
    T* data = owned.release();
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return Table<T>(data, {bars.size(), width}, owner);
}

template <typename Real>
nb::list to_lists(const std::vector<Bars<Real>>& found) {
    nb::list out;
    for (std::size_t dim = 0; dim < found.size(); ++dim) {
        const auto& bars = found[dim];
        out.append(nb::make_tuple(
            table<double>(bars, 2, [](auto& b, auto k) { return double(k ? b.death : b.birth); }),
            table<std::int32_t>(bars, dim + 1, [](auto& b, auto k) { return b.born[k]; }),
            table<std::int32_t>(bars, dim + 2, [](auto& b, auto k) { return b.died[k]; })));
    }
    return out;
}

/// One edge in sixteen, so that the memory beside the matrix is a small and known share of it; the
/// more passes over the matrix cost nothing that shows.
template <typename Real>
std::size_t slab_bytes(std::size_t n) {
    return std::max<std::size_t>(n * n / 32, 8192) * sizeof(Edge<Real>);
}

template <typename Real>
RipsOptions<Real> options_of(std::size_t n, std::size_t max_dim, double threshold,
                             std::size_t threads, std::optional<nb::callable> progress) {
    RipsOptions<Real> options;
    options.slab_bytes = std::min(options.slab_bytes, slab_bytes<Real>(n));
    options.max_dim = max_dim;
    options.threshold = Real(threshold);
    options.threads = threads;
    options.progress = progress_to(std::move(progress));
    return options;
}

template <typename Real>
nb::list rips(const Matrix<Real>& distances, std::size_t max_dim, double threshold,
              std::size_t threads, std::optional<nb::callable> progress) {
    const Dissimilarity<Real> d{distances.data(), distances.shape(0)};
    const auto options = options_of<Real>(d.n, max_dim, threshold, threads,
                                          std::move(progress));
    std::vector<Bars<Real>> found;
    {
        nb::gil_scoped_release unlocked;  // only `progress` touches Python, and takes the lock
        found = Rips<Real>(d, options).bars();
    }
    return to_lists(found);
}

/// Bytes that this process has from the allocator now, or 0 where the system does not tell.
std::size_t allocated_bytes() {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    const auto all = mallinfo2();
    return all.uordblks + all.hblkhd;
#else
    return 0;
#endif
}

/// The most memory that the engine had at any of its words of progress, which it gives with all
/// its buffers at hand. Other threads that allocate meanwhile are counted, too.
template <typename Real>
std::size_t rips_peak_bytes(const Matrix<Real>& distances, std::size_t max_dim, double threshold) {
    const Dissimilarity<Real> d{distances.data(), distances.shape(0)};
    auto options = options_of<Real>(d.n, max_dim, threshold, 1, std::nullopt);
    const std::size_t before = allocated_bytes();
    std::size_t peak = before;
    options.progress = [&peak](double) { peak = std::max(peak, allocated_bytes()); };
    nb::gil_scoped_release unlocked;  // no Python object is touched below
    Rips<Real>(d, options).bars();
    return peak - before;
}

/// The bars of H1 that are longer than a bound, as (birth, death, walks, is_shortest).
template <typename Real>
nb::list rips_cycles(const Matrix<Real>& distances, double threshold, double longer_than,
                     std::size_t threads, std::optional<nb::callable> progress) {
    const Dissimilarity<Real> d{distances.data(), distances.shape(0)};
    const auto options = options_of<Real>(d.n, 1, threshold, threads, std::move(progress));
    Bars<Real> bars;
    std::vector<Cycle> cycles;
    {
        nb::gil_scoped_release unlocked;  // only `progress` touches Python, and takes the lock
        Rips<Real> rips(d, options);
        bars = std::move(rips.bars()[1]);
        std::erase_if(bars, [&](const auto& bar) {
            return !(double(bar.death) - double(bar.birth) > longer_than);
        });
        std::vector<std::size_t> generators;
        for (const auto& bar : bars) generators.push_back(bar.generator);
        cycles = rips.cycles(generators);
    }
    nb::list out;
    for (std::size_t k = 0; k < bars.size(); ++k) {
        nb::list walks;
        for (const auto& walk : cycles[k].walks) {
            walks.append(to_numpy(std::vector<std::int32_t>(walk.begin(), walk.end())));
        }
        out.append(nb::make_tuple(double(bars[k].birth), double(bars[k].death), walks,
                                  cycles[k].is_shortest));
    }
    return out;
}

void bind_rips(nb::module_& m) {
    // noconvert: the Python layer owns conversions, so no hidden copy or cast happens here.
    m.def("rips", &rips<float>, "distances"_a.noconvert(), "max_dim"_a, "threshold"_a,
          "threads"_a, "progress"_a.none());
    m.def("rips", &rips<double>, "distances"_a.noconvert(), "max_dim"_a, "threshold"_a,
          "threads"_a, "progress"_a.none());
    m.def("rips_peak_bytes", &rips_peak_bytes<float>, "distances"_a.noconvert(), "max_dim"_a,
          "threshold"_a);
    m.def("rips_peak_bytes", &rips_peak_bytes<double>, "distances"_a.noconvert(), "max_dim"_a,
          "threshold"_a);
    m.def("rips_cycles", &rips_cycles<float>, "distances"_a.noconvert(), "threshold"_a,
          "longer_than"_a, "threads"_a, "progress"_a.none());
    m.def("rips_cycles", &rips_cycles<double>, "distances"_a.noconvert(), "threshold"_a,
          "longer_than"_a, "threads"_a, "progress"_a.none());
    m.def("simd", [] { return std::string(kernels_for_this_machine().name); });
    m.attr("max_points") = max_points;
}

}  // namespace topolens::bindings
