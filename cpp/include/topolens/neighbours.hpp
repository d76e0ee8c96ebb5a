#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "topolens/kernel_table.hpp"

namespace topolens {

/// What one pass over the matrix tells: the enclosing radius, the most central vertex, and the
/// nearest neighbours of every vertex in the order (distance, name).
template <typename Real>
struct Neighbours {
    std::size_t per_vertex;
    std::vector<std::uint32_t> names;  // n * per_vertex
    Real enclosing_radius;
    std::size_t centre;

    const std::uint32_t* of(std::size_t i) const { return names.data() + i * per_vertex; }
};

/// The centre has the smallest mean distance, which serves the sweep far better than the vertex
/// that attains the enclosing radius.
template <typename Real>
Neighbours<Real> nearest_neighbours(Dissimilarity<Real> d, std::size_t wanted,
                                    const KernelTable& kernels) {
    const auto& rows = kernels.rows<Real>();
    const std::size_t n = d.n;
    const std::size_t k = std::min(wanted, n - 1);
    Neighbours<Real> found{k, std::vector<std::uint32_t>(n * k),
                           std::numeric_limits<Real>::infinity(), 0};
    double least_total = std::numeric_limits<double>::infinity();
    std::vector<std::uint32_t> near(n);
    for (std::size_t i = 0; i < n; ++i) {
        const Real* row = d.row(i);
        Real minima[kernels::n_groups];
        const auto summary = rows.summarise(row, n, minima);
        found.enclosing_radius = std::min(found.enclosing_radius, summary.largest);
        if (summary.total < least_total) {
            least_total = summary.total;
            found.centre = i;
        }
        // k + 1 groups have a minimum within the bound; one of these may be i itself.
        Real bound = std::numeric_limits<Real>::infinity();
        if (k + 1 <= kernels::n_groups) {
            std::nth_element(minima, minima + k, minima + kernels::n_groups);
            bound = minima[k];
        }
        near.resize(n);
        near.resize(rows.collect(row, n, bound, near.data()));
        std::erase(near, std::uint32_t(i));
        const auto nearer = [row](std::uint32_t a, std::uint32_t b) {
            return row[a] != row[b] ? row[a] < row[b] : a < b;
        };
        std::partial_sort(near.begin(), near.begin() + std::ptrdiff_t(k), near.end(), nearer);
        std::copy_n(near.begin(), k, found.names.begin() + std::ptrdiff_t(i * k));
    }
    return found;
}

}  // namespace topolens
