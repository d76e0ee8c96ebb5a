#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace topolens {

/// A vertex. Sixteen bits keep an edge in one machine word; `max_points` is the price.
using Vertex = std::uint16_t;

inline constexpr std::size_t max_points = 65535;
inline constexpr std::size_t none = std::size_t(-1);  // no such vertex, class or place

/// A symmetric dissimilarity: non-negative, zero diagonal, row-major. Only read.
template <typename Real>
struct Dissimilarity {
    const Real* values;
    std::size_t n;

    const Real* row(std::size_t i) const { return values + i * n; }
    Real operator()(std::size_t i, std::size_t j) const { return values[i * n + j]; }
};

/// An unsigned integer in the order of the non-negative numbers.
template <typename Real>
using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;

template <typename Real>
[[gnu::always_inline]] inline Bits<Real> bits_of(Real x) {
    return std::bit_cast<Bits<Real>>(x) & (~Bits<Real>{0} >> 1);  // -0.0 is 0.0
}

template <typename Real>
Real real_of(Bits<Real> b) {
    return std::bit_cast<Real>(b);
}

/// Edge i < j. The order (value, i, j) refines the Vietoris-Rips filtration to one edge at a time;
/// "earlier" always means this order (Koyama et al., arXiv 2307.16333, section 2).
template <typename Real>
struct Edge {
    Bits<Real> bits;
    Vertex i;
    Vertex j;

    Real value() const { return real_of<Real>(bits); }
    std::uint32_t pair() const { return std::uint32_t(i) << 16 | j; }

    friend bool operator==(const Edge&, const Edge&) = default;
    friend bool operator<(const Edge& a, const Edge& b) {
        return a.bits != b.bits ? a.bits < b.bits : a.pair() < b.pair();
    }
};

template <typename Real>
Edge<Real> edge_between(Dissimilarity<Real> d, std::size_t a, std::size_t b) {
    if (a > b) std::swap(a, b);
    return {bits_of(d(a, b)), Vertex(a), Vertex(b)};
}

/// One stable pass of a radix sort from `from` to `to`, by the `digit` bits above `shift` of the
/// value less `base`. `ends` receives where each digit's edges end.
template <typename Real, int digit>
void scatter(std::span<const Edge<Real>> from, Edge<Real>* to, Bits<Real> base, int shift,
             std::array<std::size_t, 1u << digit>& ends) {
    const auto place = [=](const Edge<Real>& e) {
        return ((e.bits - base) >> shift) & ((1u << digit) - 1);
    };
    ends.fill(0);
    for (const auto& e : from) ++ends[place(e)];
    std::size_t before = 0;
    for (auto& end : ends) before += std::exchange(end, before);
    for (const auto& e : from) to[ends[place(e)]++] = e;
}

/// Sort edges that are already ordered by (i, j): a stable radix sort on the values alone, first
/// into parts that fit the nearest cache. `spare` has room for as many.
template <typename Real>
void sort_by_value(std::span<Edge<Real>> edges, Edge<Real>* spare) {
    constexpr int digit = 8;
    constexpr std::size_t few = 64;
    std::array<std::size_t, 1u << digit> ends;
    if (edges.size() <= few) {
        std::sort(edges.begin(), edges.end());
        return;
    }
    const auto by_bits = [](auto& a, auto& b) { return a.bits < b.bits; };
    Bits<Real> base = edges[0].bits, most = 0;
    for (const auto& e : edges) {
        base = std::min(base, e.bits);
        most = std::max(most, e.bits);
    }
    const int top = std::max(0, int(std::bit_width(most - base)) - digit);
    scatter<Real, digit>(edges, spare, base, top, ends);

    std::size_t first = 0;
    for (const std::size_t last : std::array(ends)) {
        std::span<Edge<Real>> part(spare + first, last - first);
        std::span<Edge<Real>> other(edges.data() + first, last - first);
        if (part.size() <= few) {
            std::stable_sort(part.begin(), part.end(), by_bits);
        } else {
            for (int shift = 0; shift < top; shift += digit) {
                scatter<Real, digit>(part, other.data(), base, shift, ends);
                std::swap(part, other);
            }
        }
        if (part.data() != edges.data() + first) std::copy(part.begin(), part.end(), other.begin());
        first = last;
    }
}

}  // namespace topolens
