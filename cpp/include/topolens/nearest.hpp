#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "topolens/distances.hpp"
#include "topolens/kernel_table.hpp"

namespace topolens {

/// Nearest neighbours of some points, one after the other, each in the order (distance, name).
template <typename Real>
struct Nearest {
    std::vector<std::int64_t> names;
    std::vector<Real> lengths;
    std::vector<std::int64_t> counts;  // how many each point has
};

/// How many neighbours a point gets: `k`, and with them all that are as far as the last if `ties`.
struct HowMany {
    std::size_t k;
    bool ties;
};

namespace nearest_detail {

/// A value that at least `k` + 1 entries of the row do not exceed.
template <typename Real>
Real bound_of(const Real* row, std::size_t n, std::size_t k, const KernelTable& kernels) {
    if (k + 1 > kernels::n_groups) {
        std::vector<Real> copy(row, row + n);
        std::nth_element(copy.begin(), copy.begin() + std::ptrdiff_t(k), copy.end());
        return copy[k];
    }
    Real minima[kernels::n_groups];
    kernels.rows<Real>().summarise(row, n, minima);
    std::nth_element(minima, minima + k, minima + kernels::n_groups);
    return minima[k];
}

/// Places other than `own` whose entry is within the bound, ascending.
template <typename Real>
void others_within(const Real* row, std::size_t n, std::size_t own, Real bound,
                   const KernelTable& kernels, std::vector<std::uint32_t>& out) {
    out.resize(n);
    out.resize(kernels.rows<Real>().collect(row, n, bound, out.data()));
    std::erase(out, std::uint32_t(own));
}

template <typename Real>
struct Candidate {
    Real length;
    std::uint32_t name;

    bool operator<(const Candidate& other) const {
        return length != other.length ? length < other.length : name < other.name;
    }
};

/// Append the first of the candidates, of which there are `k` at least.
template <typename Real>
void keep(std::vector<Candidate<Real>>& candidates, HowMany wanted, Nearest<Real>& found) {
    const auto last = candidates.begin() + std::ptrdiff_t(wanted.k);
    std::nth_element(candidates.begin(), last - 1, candidates.end());
    auto end = last;
    if (wanted.ties) {
        const Real farthest = (last - 1)->length;
        end = std::partition(last, candidates.end(),
                             [farthest](const auto& c) { return c.length == farthest; });
    }
    std::sort(candidates.begin(), end);
    for (auto c = candidates.begin(); c != end; ++c) {
        found.names.push_back(c->name);
        found.lengths.push_back(c->length);
    }
    found.counts.push_back(end - candidates.begin());
}

}  // namespace nearest_detail

/// Nearest neighbours of the points `begin` to `begin` + `n_rows`, whose distances to all n points
/// are the rows.
template <typename Real>
void nearest_in_rows(const Real* rows, std::size_t begin, std::size_t n_rows, std::size_t n,
                     HowMany wanted, const KernelTable& kernels, Nearest<Real>& found) {
    namespace detail = nearest_detail;
    std::vector<std::uint32_t> near;
    std::vector<detail::Candidate<Real>> candidates;
    for (std::size_t r = 0; r < n_rows; ++r) {
        const Real* row = rows + r * n;
        const Real bound = detail::bound_of(row, n, wanted.k, kernels);
        detail::others_within(row, n, begin + r, bound, kernels, near);
        candidates.clear();
        for (const auto j : near) candidates.push_back({row[j], j});
        detail::keep(candidates, wanted, found);
    }
}

/// Nearest neighbours by direct differences, of which few are taken: `screen` holds lower bounds
/// of the squared distances over 4^exponent, less `offsets`, one row for each of the points `begin`
/// to `begin` + `n_rows`. A point whose lower bound exceeds the k-th distance found so far cannot
/// be among the nearest.
template <typename Real>
void nearest_by_screen(const float* screen, const double* offsets, int exponent,
                       std::size_t begin, std::size_t n_rows, const PairwiseDistances<Real>& direct,
                       HowMany wanted, const KernelTable& kernels, Nearest<Real>& found) {
    namespace detail = nearest_detail;
    const std::size_t n = direct.n_points();
    std::vector<std::uint32_t> near;
    std::vector<detail::Candidate<float>> likely;
    std::vector<detail::Candidate<Real>> candidates;
    for (std::size_t r = 0; r < n_rows; ++r) {
        const std::size_t i = begin + r;
        const float* row = screen + r * n;
        const float first_bound = detail::bound_of(row, n, wanted.k, kernels);
        detail::others_within(row, n, i, first_bound, kernels, near);
        likely.clear();
        for (const auto j : near) likely.push_back({row[j], j});
        const auto last = likely.begin() + std::ptrdiff_t(wanted.k) - 1;
        std::nth_element(likely.begin(), last, likely.end());
        double reach = 0;
        for (auto c = likely.begin(); c <= last; ++c) {
            reach = std::max(reach, direct.squared(i, c->name));
        }
        const float least = float(std::ldexp(reach, -2 * exponent) - offsets[r]);
        const float bound = std::max(
            std::nextafter(least, std::numeric_limits<float>::infinity()), last->length);
        detail::others_within(row, n, i, bound, kernels, near);
        candidates.clear();
        for (const auto j : near) candidates.push_back({direct(i, j), j});
        detail::keep(candidates, wanted, found);
    }
}

}  // namespace topolens
