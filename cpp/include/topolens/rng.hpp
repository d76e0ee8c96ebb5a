#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "topolens/kernel_table.hpp"
#include "topolens/neighbours.hpp"
#include "topolens/parallel.hpp"

namespace topolens {

/// The relative neighbourhood graph: the edges of length at most `limit` whose lune is empty, in
/// order. Each is born with a component merged or with a class of H1; no other edge is
/// (Koyama et al., arXiv 2307.16333, section 3).
template <typename Real>
class RelativeNeighbourhoods {
public:
    RelativeNeighbourhoods(Dissimilarity<Real> d, const Neighbours<Real>& near, Real limit,
                           const KernelTable& kernels)
        : d_(d), near_(near), limit_(limit), rows_(kernels.rows<Real>()) {}

    std::vector<Edge<Real>> edges(std::size_t threads) const {
        std::vector<std::vector<Edge<Real>>> by_row(d_.n);
        in_row_bands(d_.n, threads, [&](std::size_t begin, std::size_t end) {
            std::vector<std::uint32_t> candidates(d_.n);
            for (std::size_t i = begin; i < end; ++i) by_row[i] = row_edges(i, candidates);
        });
        std::vector<Edge<Real>> found;
        for (const auto& row : by_row) found.insert(found.end(), row.begin(), row.end());
        std::vector<Edge<Real>> spare(found.size());
        sort_by_value<Real>(found, spare.data());
        return found;
    }

private:
    static constexpr std::size_t n_killers = 6;

    std::vector<Edge<Real>> row_edges(std::size_t i, std::vector<std::uint32_t>& candidates) const {
        std::vector<Edge<Real>> found;
        std::array<Killer, n_killers> killers;
        const std::size_t used = choose_killers(i, killers);
        const std::size_t left = rows_.survivors(d_.row(i), d_.n, i, limit_, killers.data(), used,
                                                 candidates.data());
        for (std::size_t c = 0; c < left; ++c) {
            const std::size_t j = candidates[c];
            if (has_empty_lune(i, j)) found.push_back(edge_between(d_, i, j));
        }
        return found;
    }

    using Killer = kernels::Killer<Real>;

    /// The centre of the cloud sees most long edges, the nearest neighbours the others.
    std::size_t choose_killers(std::size_t i, std::array<Killer, n_killers>& killers) const {
        std::size_t used = 0;
        const auto add = [&](std::size_t k) {
            killers[used++] = {d_.row(k), d_(i, k), k < i};
        };
        if (near_.centre != i) add(near_.centre);
        for (std::size_t k = 0; k < near_.per_vertex && used < n_killers; ++k) {
            if (near_.of(i)[k] != near_.centre) add(near_.of(i)[k]);
        }
        return used;
    }

    bool has_empty_lune(std::size_t i, std::size_t j) const {
        bool complete = false;
        const auto to_j = [&](std::size_t k) { return d_(k, j); };  // rows that other j share
        if (list_meets_lune(i, j, to_j, complete)) return false;
        if (complete) return true;
        const auto to_i = [row = d_.row(i)](std::size_t k) { return row[k]; };
        if (list_meets_lune(j, i, to_i, complete)) return false;
        if (complete) return true;
        return !rows_.has_lune(d_.row(i), d_.row(j), d_.n, i, j);
    }

    /// Does a near neighbour k of i lie in the lune of (i, j)? In terms of ranks: k precedes j seen
    /// from i, and i seen from j. `to_j` gives lengths to j. The list is complete if it reaches j.
    template <class F>
    bool list_meets_lune(std::size_t i, std::size_t j, F&& to_j, bool& complete) const {
        const Real length = to_j(i);
        const Real* lengths = near_.lengths_of(i);
        for (std::size_t r = 0; r < near_.per_vertex; ++r) {
            const std::size_t k = near_.of(i)[r];
            if (lengths[r] > length || (lengths[r] == length && k >= j)) {
                complete = true;
                return false;
            }
            const Real other = to_j(k);
            if (other < length || (other == length && k < i)) return true;
        }
        complete = near_.per_vertex + 1 == d_.n;
        return false;
    }

    Dissimilarity<Real> d_;
    const Neighbours<Real>& near_;
    Real limit_;
    const RowTable<Real>& rows_;
};

/// Kruskal on edges in order: for each edge the vertex whose component it ends, or `none`.
/// Components are named by their least vertex and the greater name dies (elder rule).
template <typename Real>
std::vector<std::size_t> spanning_forest(const std::vector<Edge<Real>>& edges, std::size_t n) {
    std::vector<std::size_t> parent(n);
    std::iota(parent.begin(), parent.end(), std::size_t{0});
    const auto root = [&](std::size_t v) {
        while (parent[v] != v) v = parent[v] = parent[parent[v]];
        return v;
    };
    std::vector<std::size_t> dying(edges.size(), none);
    for (std::size_t e = 0; e < edges.size(); ++e) {
        const auto [elder, younger] = std::minmax({root(edges[e].i), root(edges[e].j)});
        if (elder == younger) continue;
        parent[younger] = elder;
        dying[e] = younger;
    }
    return dying;
}

}  // namespace topolens
