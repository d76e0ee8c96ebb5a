#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "topolens/kernel_table.hpp"
#include "topolens/parallel.hpp"

namespace topolens {

/// What one pass over the matrix tells: the enclosing radius, the most central vertex, and the
/// nearest neighbours of every vertex in the order (distance, name).
template <typename Real>
struct Neighbours {
    std::size_t per_vertex;
    std::vector<std::uint32_t> names;  // n * per_vertex
    std::vector<Real> lengths;         // their distances
    Real enclosing_radius;
    std::size_t centre;

    const std::uint32_t* of(std::size_t i) const { return names.data() + i * per_vertex; }
    const Real* lengths_of(std::size_t i) const { return lengths.data() + i * per_vertex; }

    /// Whatever is nearer to i than this is among its neighbours here.
    Real reach(std::size_t i) const {
        const bool is_everything = (per_vertex + 1) * per_vertex == lengths.size();
        return is_everything ? std::numeric_limits<Real>::infinity()
                             : lengths_of(i)[per_vertex - 1];
    }
};

/// The k vertices nearest to i, by (distance, name), given the minima of the row's groups; `near` is
/// room for n.
template <typename Real>
void nearest_of_row(Dissimilarity<Real> d, std::size_t i, std::size_t k, Real* minima,
                    const KernelTable& kernels, std::vector<std::uint32_t>& near,
                    std::uint32_t* out) {
    const Real* row = d.row(i);
    // k + 1 groups have a minimum within the bound; one of these may be i itself.
    Real bound = std::numeric_limits<Real>::infinity();
    if (k + 1 <= kernels::n_groups) {
        std::nth_element(minima, minima + k, minima + kernels::n_groups);
        bound = minima[k];
    }
    near.resize(d.n);
    near.resize(kernels.rows<Real>().collect(row, d.n, bound, near.data()));
    std::erase(near, std::uint32_t(i));
    const auto nearer = [row](std::uint32_t a, std::uint32_t b) {
        return row[a] != row[b] ? row[a] < row[b] : a < b;
    };
    std::partial_sort(near.begin(), near.begin() + std::ptrdiff_t(k), near.end(), nearer);
    std::copy_n(near.begin(), k, out);
}

/// The centre has the smallest mean distance, which serves the sweep far better than the vertex
/// that attains the enclosing radius.
template <typename Real>
Neighbours<Real> nearest_neighbours(Dissimilarity<Real> d, std::size_t wanted,
                                    const KernelTable& kernels, std::size_t threads) {
    const std::size_t n = d.n;
    const std::size_t k = std::min(wanted, n - 1);
    Neighbours<Real> found{k, std::vector<std::uint32_t>(n * k), std::vector<Real>(n * k), 0, 0};
    std::vector<kernels::RowSummary<Real>> summaries(n);
    in_row_bands(n, threads, [&](std::size_t begin, std::size_t end) {
        std::vector<std::uint32_t> near;
        for (std::size_t i = begin; i < end; ++i) {
            Real minima[kernels::n_groups];
            summaries[i] = kernels.rows<Real>().summarise(d.row(i), n, minima);
            std::uint32_t* names = found.names.data() + i * k;
            nearest_of_row(d, i, k, minima, kernels, near, names);
            for (std::size_t r = 0; r < k; ++r) found.lengths[i * k + r] = d(i, names[r]);
        }
    });
    const auto by_largest = [](auto& a, auto& b) { return a.largest < b.largest; };
    const auto by_total = [](auto& a, auto& b) { return a.total < b.total; };
    found.enclosing_radius =
        std::min_element(summaries.begin(), summaries.end(), by_largest)->largest;
    const auto central = std::min_element(summaries.begin(), summaries.end(), by_total);
    found.centre = std::size_t(central - summaries.begin());
    return found;
}

}  // namespace topolens
