#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "topolens/kernel_table.hpp"

namespace topolens {

/// Edge lengths of a minimum spanning forest of the complete graph on `n` vertices, ascending:
/// the finite deaths of H0. Prim in O(n^2), reading each row of the matrix once. With `names`,
/// vertex k is row and column names[k] of the matrix, so that subsets need no copy.
template <typename Real>
std::vector<Real> spanning_lengths(Dissimilarity<Real> d, const std::uint32_t* names,
                                   std::size_t n, const KernelTable& kernels) {
    constexpr Real infinite = std::numeric_limits<Real>::infinity();
    std::vector<Real> lengths;
    if (n < 2) return lengths;
    lengths.reserve(n - 1);
    std::vector<Real> reach(n, infinite), closed(n, Real(0));
    std::size_t next_root = 0;
    std::size_t newest = 0;
    for (std::size_t joined = 1; joined < n; ++joined) {
        closed[newest] = infinite;
        const Real* row = d.row(names ? names[newest] : newest);
        const auto found =
            kernels.rows<Real>().grow_tree(row, names, n, reach.data(), closed.data());
        if (found.place < n) {
            lengths.push_back(found.value);
            newest = found.place;
        } else {  // the component is complete: start another
            while (closed[next_root] != 0) ++next_root;
            newest = next_root;
        }
    }
    std::sort(lengths.begin(), lengths.end());
    return lengths;
}

}  // namespace topolens
