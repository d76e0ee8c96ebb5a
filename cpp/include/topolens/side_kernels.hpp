#pragma once

#include <limits>

#include "topolens/edges.hpp"
#include "topolens/lanes.hpp"

/// Triangles on one edge (i, j), from the two rows of the matrix at its ends. The longer side of a
/// vertex k is the greater of its two distances.
namespace topolens::kernels {

template <typename Real>
struct Side {
    Real length;
    std::uint32_t k;
};

inline constexpr std::size_t max_sides = 4;

struct SideCount {
    std::size_t above;
    std::size_t equal;
};

/// The vertices with the least longer sides above `from` and at most `limit`, in order of these, no
/// more than `max_sides`; returns how many these are, and how many longer sides equal `from`.
template <class S, typename Real>
SideCount next_sides(const Real* row_i, const Real* row_j, std::size_t n, Real from, Real limit,
                     Side<Real>* out) {
    using L = typename S::template Lanes<Real>;
    const L low = L::all(from);
    L high = L::all(limit);
    Real most = limit;
    SideCount count{0, 0};
    const auto take = [&](Real length, std::size_t k) {
        if (length == from) {
            ++count.equal;
            return;
        }
        const bool full = count.above == max_sides;
        if (full && !(length < most)) return;
        std::size_t at = full ? max_sides - 1 : count.above++;
        for (; at > 0 && out[at - 1].length > length; --at) out[at] = out[at - 1];
        out[at] = {length, std::uint32_t(k)};
        if (count.above == max_sides) most = out[max_sides - 1].length;
    };
    std::size_t k = 0;
    for (; k + L::width <= n; k += L::width) {
        const L longer = L::max(L::load(row_i + k), L::load(row_j + k));
        std::uint32_t hits = L::at_most(low, longer) & L::at_most(longer, high);
        if (!hits) continue;
        Real lengths[L::width];
        longer.store(lengths);
        for (; hits; hits &= hits - 1) {
            const auto lane = std::size_t(__builtin_ctz(hits));
            take(lengths[lane], k + lane);
        }
        high = L::all(most);
    }
    for (; k < n; ++k) {
        const Real longer = row_i[k] > row_j[k] ? row_i[k] : row_j[k];
        if (longer >= from && longer <= most) take(longer, k);
    }
    return count;
}

/// The vertices whose longer side is just `length`, ascending; returns how many.
template <class S, typename Real>
std::size_t equal_sides(const Real* row_i, const Real* row_j, std::size_t n, Real length,
                        std::uint32_t* out) {
    using L = typename S::template Lanes<Real>;
    const L wanted = L::all(length);
    std::size_t count = 0;
    std::size_t k = 0;
    for (; k + L::width <= n; k += L::width) {
        const L longer = L::max(L::load(row_i + k), L::load(row_j + k));
        std::uint32_t hits = L::at_most(longer, wanted) & L::at_most(wanted, longer);
        for (; hits; hits &= hits - 1) out[count++] = std::uint32_t(k) + __builtin_ctz(hits);
    }
    for (; k < n; ++k) {
        if ((row_i[k] > row_j[k] ? row_i[k] : row_j[k]) == length) out[count++] = std::uint32_t(k);
    }
    return count;
}

/// The lune of (i, j), i < j, ascending, until `enough` of its vertices are found; returns how
/// many. `out` has room for n.
template <class S, typename Real>
std::size_t lune(const Real* row_i, const Real* row_j, std::size_t n, std::size_t i, std::size_t j,
                 std::size_t enough, std::uint32_t* out) {
    using L = typename S::template Lanes<Real>;
    const Real length = row_i[j];
    const L bound = L::all(length);
    std::size_t count = 0;
    const auto test = [&](std::size_t k) {  // equal lengths decide by the names
        const bool first = row_i[k] < length || (row_i[k] == length && k < j);
        const bool second = row_j[k] < length || (row_j[k] == length && k < i);
        if (first && second && k != i && k != j) out[count++] = std::uint32_t(k);
    };
    std::size_t k = 0;
    for (; k + L::width <= n && count < enough; k += L::width) {
        const L longer = L::max(L::load(row_i + k), L::load(row_j + k));
        std::uint32_t hits = L::at_most(longer, bound);
        for (; hits; hits &= hits - 1) test(k + std::size_t(__builtin_ctz(hits)));
    }
    for (; k < n && count < enough; ++k) test(k);
    return count;
}

}  // namespace topolens::kernels
