#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace topolens {

/// Edge lengths of a minimum spanning forest of a symmetric matrix, ascending.
///
/// They are the finite H0 deaths of the Vietoris-Rips filtration; every birth is 0. Entries of
/// infinity join nothing, so a disconnected matrix gives fewer than n - 1 lengths.
/// Prim: O(n^2) time, O(n) memory. Every length is an entry of the matrix, never recomputed.
template <typename T>
std::vector<double> mst_edge_lengths(const T* distances, std::size_t n) {
    std::vector<double> lengths;
    if (n < 2) return lengths;
    lengths.reserve(n - 1);
    constexpr T unreached = std::numeric_limits<T>::infinity();

    // outside[s]: vertices not yet in the tree; nearest[s]: distance from outside[s] to the tree.
    std::vector<std::size_t> outside(n - 1);
    for (std::size_t s = 0; s < n - 1; ++s) outside[s] = s + 1;
    std::vector<T> nearest(n - 1, unreached);

    std::size_t newest = 0;
    while (!outside.empty()) {
        const T* row = distances + newest * n;
        std::size_t best = 0;
        for (std::size_t s = 0; s < outside.size(); ++s) {
            nearest[s] = std::min(nearest[s], row[outside[s]]);
            if (nearest[s] < nearest[best]) best = s;
        }
        newest = outside[best];
        if (nearest[best] < unreached) lengths.push_back(static_cast<double>(nearest[best]));
        outside[best] = outside.back();
        nearest[best] = nearest.back();
        outside.pop_back();
        nearest.pop_back();
    }
    std::sort(lengths.begin(), lengths.end());
    return lengths;
}

}  // namespace topolens
