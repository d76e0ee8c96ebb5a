#pragma once

#include "topolens/edges.hpp"
#include "topolens/lanes.hpp"

namespace topolens::kernels {

/// The least entry of a row and its place.
template <typename Real>
struct Nearest {
    Real value;
    std::size_t place;
};

/// One step of Prim: shorten `reach` by the row of the vertex that joined, and return the nearest
/// vertex outside, the first of equals. `closed` is infinite in the tree and 0 outside. With
/// `names`, entry k stands for column names[k].
template <class S, typename Real>
Nearest<Real> grow_tree(const Real* row, const std::uint32_t* names, std::size_t n, Real* reach,
                        const Real* closed) {
    using L = typename S::template Lanes<Real>;
    constexpr std::size_t chunk = 16 * L::width;
    const auto entry = [&](std::size_t k) { return names ? row[names[k]] : row[k]; };
    const auto larger = [](Real a, Real b) { return a > b ? a : b; };
    Nearest<Real> best{std::numeric_limits<Real>::infinity(), n};
    std::size_t k = 0;
    for (; k + chunk <= n; k += chunk) {
        L low = L::all(best.value);
        for (std::size_t p = k; p < k + chunk; p += L::width) {
            if (!names) __builtin_prefetch(row + p + 1024);
            const L length = names ? L::gather(row, names + p) : L::load(row + p);
            const L near = L::min(L::load(reach + p), length);
            near.store(reach + p);
            low = L::min(low, L::max(near, L::load(closed + p)));
        }
        if (!L::less(low, L::all(best.value))) continue;
        Real lanes[L::width];
        low.store(lanes);
        for (const Real x : lanes) best.value = x < best.value ? x : best.value;
        best.place = k;
    }
    if (best.place < n) {
        while (larger(reach[best.place], closed[best.place]) != best.value) ++best.place;
    }
    for (; k < n; ++k) {
        if (entry(k) < reach[k]) reach[k] = entry(k);
        const Real x = larger(reach[k], closed[k]);
        if (x < best.value) best = {x, k};
    }
    return best;
}

}  // namespace topolens::kernels
