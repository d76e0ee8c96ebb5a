#pragma once

#include "topolens/edges.hpp"
#include "topolens/lanes.hpp"

/// What the engine does to whole rows of the matrix, as templates over a vector set `S`.
/// No standard container appears here: these bodies are compiled for machines that the rest of
/// the program must not require.
namespace topolens::kernels {

inline constexpr std::size_t n_groups = 64;

template <typename Real>
struct RowSummary {
    Real largest;
    double total;
};

/// Largest entry and sum of a row, and the minima of 64 interleaved groups of its entries.
template <class S, typename Real>
RowSummary<Real> summarise(const Real* row, std::size_t n, Real* minima) {
    using L = typename S::template Lanes<Real>;
    constexpr std::size_t parts = n_groups / L::width;
    L least[parts];
    L most = L::all(Real(0));
    L sum = L::all(Real(0));
    for (auto& part : least) part = L::all(std::numeric_limits<Real>::infinity());
    std::size_t j = 0;
    for (; j + n_groups <= n; j += n_groups) {
        for (std::size_t p = 0; p < parts; ++p) {
            const L x = L::load(row + j + p * L::width);
            least[p] = L::min(least[p], x);
            most = L::max(most, x);
            sum = sum + x;
        }
    }
    for (std::size_t p = 0; p < parts; ++p) least[p].store(minima + p * L::width);
    Real lane_most[L::width], lane_sum[L::width];
    most.store(lane_most);
    sum.store(lane_sum);
    RowSummary<Real> found{Real(0), 0.0};
    for (std::size_t k = 0; k < L::width; ++k) {
        if (lane_most[k] > found.largest) found.largest = lane_most[k];
        found.total += double(lane_sum[k]);
    }
    for (std::size_t g = 0; j < n; ++j, ++g) {
        if (row[j] < minima[g]) minima[g] = row[j];
        if (row[j] > found.largest) found.largest = row[j];
        found.total += double(row[j]);
    }
    return found;
}

/// Places of the entries that are at most `bound`, ascending; returns how many.
template <class S, typename Real>
std::size_t collect(const Real* row, std::size_t n, Real bound, std::uint32_t* out) {
    using L = typename S::template Lanes<Real>;
    const L limit = L::all(bound);
    std::size_t count = 0;
    std::size_t j = 0;
    for (; j + L::width <= n; j += L::width) {
        std::uint32_t hits = L::at_most(L::load(row + j), limit);
        for (; hits; hits &= hits - 1) out[count++] = std::uint32_t(j) + __builtin_ctz(hits);
    }
    for (; j < n; ++j) {
        if (row[j] <= bound) out[count++] = std::uint32_t(j);
    }
    return count;
}

/// A vertex k that may show (i, j) not to be an edge of the relative neighbourhood graph.
template <typename Real>
struct Killer {
    const Real* row;
    Real reach;     // d(i, k)
    bool wins_ties;  // k < i: then equal lengths are earlier too
};

/// The j > i with d(i, j) <= limit whose edge (i, j) no killer is known to precede on both sides;
/// returns how many.
template <class S, typename Real>
std::size_t survivors(const Real* row, std::size_t n, std::size_t i, Real limit,
                      const Killer<Real>* killers, std::size_t n_killers, std::uint32_t* out) {
    using L = typename S::template Lanes<Real>;
    const L cut = L::all(limit);
    std::size_t count = 0;
    std::size_t j = i + 1;
    const auto test = [&](std::size_t at, std::uint32_t alive) {
        const L length = L::load(row + at);
        alive &= L::at_most(length, cut);
        for (std::size_t p = 0; p < n_killers && alive; ++p) {
            const Killer<Real>& k = killers[p];
            const L longer = L::max(L::all(k.reach), L::load(k.row + at));
            alive &= ~(k.wins_ties ? L::at_most(longer, length) : L::less(longer, length));
        }
        for (; alive; alive &= alive - 1) out[count++] = std::uint32_t(at) + __builtin_ctz(alive);
    };
    constexpr std::uint32_t every = (1u << L::width) - 1;
    for (; j + L::width <= n; j += L::width) test(j, every);
    if (j < n && n >= L::width) {
        test(n - L::width, every & ~((1u << (j + L::width - n)) - 1));
        j = n;
    }
    for (; j < n; ++j) {
        if (row[j] <= limit) out[count++] = std::uint32_t(j);
    }
    return count;
}

/// Is there a k with (i, k) and (j, k) both earlier than (i, j), where i < j? Equal lengths decide
/// by the names: (i, k) is then earlier if k < j, and (j, k) if k < i.
template <class S, typename Real>
bool has_lune(const Real* row_i, const Real* row_j, std::size_t n, std::size_t i, std::size_t j) {
    using L = typename S::template Lanes<Real>;
    const Real length = row_i[j];
    const L bound = L::all(length);
    std::size_t k = 0;
    for (; k + L::width <= i; k += L::width) {
        if (L::at_most(L::max(L::load(row_i + k), L::load(row_j + k)), bound)) return true;
    }
    for (; k < i; ++k) {
        if (row_i[k] <= length && row_j[k] <= length) return true;
    }
    const auto middle = [&](std::size_t v) { return row_i[v] <= length && row_j[v] < length; };
    for (; k + L::width <= j; k += L::width) {
        if (L::at_most(L::load(row_i + k), bound) & L::less(L::load(row_j + k), bound)) return true;
    }
    for (; k < j; ++k) {
        if (middle(k)) return true;
    }
    for (; k + L::width <= n; k += L::width) {
        if (L::less(L::max(L::load(row_i + k), L::load(row_j + k)), bound)) return true;
    }
    for (; k < n; ++k) {
        if (row_i[k] < length && row_j[k] < length) return true;
    }
    return false;
}

/// The k of the lune of (i, j) that minimises max(d(i, k), d(j, k)), smallest name first;
/// n if the lune is empty.
template <class S, typename Real>
std::size_t apex(const Real* row_i, const Real* row_j, std::size_t n, std::size_t i,
                 std::size_t j) {
    using L = typename S::template Lanes<Real>;
    const Real length = row_i[j];
    Real best = length;
    std::size_t at = n;
    constexpr std::size_t chunk = 16 * L::width;
    std::size_t k = 0;
    for (; k + chunk <= n; k += chunk) {
        L low = L::all(best);
        for (std::size_t p = 0; p < chunk; p += L::width) {
            low = L::min(low, L::max(L::load(row_i + k + p), L::load(row_j + k + p)));
        }
        if (!L::less(low, L::all(best))) continue;
        Real lanes[L::width];
        low.store(lanes);
        for (const Real x : lanes) best = x < best ? x : best;
        at = k;
    }
    const auto longer = [&](std::size_t v) { return row_i[v] > row_j[v] ? row_i[v] : row_j[v]; };
    if (at < n) {
        while (longer(at) != best) ++at;
    }
    for (; k < n; ++k) {
        if (longer(k) < best) {
            best = longer(k);
            at = k;
        }
    }
    if (at < n) return at;
    // No strictly shorter pair: among equal lengths the names decide, and only k < j can win.
    for (k = 0; k < i; ++k) {
        if (longer(k) <= length) return k;
    }
    for (k = i + 1; k < j; ++k) {
        if (row_i[k] <= length && row_j[k] < length) return k;
    }
    return n;
}

/// The first k from `begin` to `end` whose entry is within the bound in each of `n_rows` rows;
/// `end` if there is none.
template <class S, typename Real>
std::size_t first_within(const Real* const* rows, const Real* bounds, std::size_t n_rows,
                         std::size_t begin, std::size_t end) {
    using L = typename S::template Lanes<Real>;
    std::size_t k = begin;
    for (; k + L::width <= end; k += L::width) {
        std::uint32_t hits = L::at_most(L::load(rows[0] + k), L::all(bounds[0]));
        for (std::size_t r = 1; r < n_rows && hits; ++r) {
            hits &= L::at_most(L::load(rows[r] + k), L::all(bounds[r]));
        }
        if (hits) return k + std::size_t(__builtin_ctz(hits));
    }
    for (; k < end; ++k) {
        std::size_t r = 0;
        while (r < n_rows && rows[r][k] <= bounds[r]) ++r;
        if (r == n_rows) return k;
    }
    return end;
}

/// The edges (i, j), j > i, whose length lies in [low, high]; `out` has room for
/// n + 16. Returns how many.
template <class S, typename Real>
std::size_t select(const Real* row, std::size_t n, std::size_t i, Real low, Real high,
                   Edge<Real>* out) {
    using L = typename S::template Lanes<Real>;
    const L least = L::all(low);
    const L most = L::all(high);
    std::size_t count = 0;
    std::size_t j = i + 1;
    for (; j + L::width <= n; j += L::width) {
        const L x = L::load(row + j);
        std::uint32_t hits = L::at_most(x, most) & L::at_most(least, x);
        if constexpr (requires { S::compress_edges(x.v, hits, 0, 0, nullptr); }) {
            S::compress_edges(x.v, hits, std::uint32_t(i), std::uint32_t(j),
                              reinterpret_cast<Word*>(out + count));
            count += std::size_t(__builtin_popcount(hits));
            continue;
        }
        for (; hits; hits &= hits - 1) {
            const std::size_t at = j + __builtin_ctz(hits);
            out[count++] = {bits_of(row[at]), Vertex(i), Vertex(at)};
        }
    }
    for (; j < n; ++j) {
        if (row[j] >= low && row[j] <= high) out[count++] = {bits_of(row[j]), Vertex(i), Vertex(j)};
    }
    return count;
}

}  // namespace topolens::kernels
