#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "topolens/kernel_table.hpp"
#include "topolens/neighbours.hpp"

namespace topolens {

/// The relative neighbourhood graph: the edges of length at most `limit` whose lune is empty, in
/// order. Each is born with a component merged or with a class of H1; no other edge is
/// (Koyama et al., arXiv 2307.16333, section 3).
template <typename Real>
class RelativeNeighbourhoods {
public:
    RelativeNeighbourhoods(Dissimilarity<Real> d, const Neighbours<Real>& near, Real limit,
                           const KernelTable& kernels)
        : d_(d), near_(near), limit_(limit), rows_(kernels.rows<Real>()), candidates_(d.n) {}

    std::vector<Edge<Real>> edges() {
        std::vector<Edge<Real>> found;
        for (std::size_t i = 0; i + 1 < d_.n; ++i) append_row(i, found);
        std::vector<Edge<Real>> spare(found.size());
        sort_by_value<Real>(found, spare.data());
        return found;
    }

private:
    static constexpr std::size_t n_killers = 6;

    void append_row(std::size_t i, std::vector<Edge<Real>>& found) {
        std::array<Killer, n_killers> killers;
        const std::size_t used = choose_killers(i, killers);
        const std::size_t left = rows_.survivors(d_.row(i), d_.n, i, limit_, killers.data(), used,
                                                 candidates_.data());
        for (std::size_t c = 0; c < left; ++c) {
            const std::size_t j = candidates_[c];
            if (has_empty_lune(i, j)) found.push_back(edge_between(d_, i, j));
        }
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
        if (list_meets_lune(i, j, complete)) return false;
        if (complete) return true;
        if (list_meets_lune(j, i, complete)) return false;
        if (complete) return true;
        return !rows_.has_lune(d_.row(i), d_.row(j), d_.n, i, j);
    }

    /// Does a near neighbour k of i lie in the lune of (i, j)? In terms of ranks: k precedes j seen
    /// from i, and i seen from j. The list is complete if it reaches j.
    bool list_meets_lune(std::size_t i, std::size_t j, bool& complete) const {
        const Real* row_i = d_.row(i);
        const Real length = row_i[j];
        for (std::size_t r = 0; r < near_.per_vertex; ++r) {
            const std::size_t k = near_.of(i)[r];
            if (row_i[k] > length || (row_i[k] == length && k >= j)) {
                complete = true;
                return false;
            }
            const Real other = d_(k, j);
            if (other < length || (other == length && k < i)) return true;
        }
        complete = near_.per_vertex + 1 == d_.n;
        return false;
    }

    Dissimilarity<Real> d_;
    const Neighbours<Real>& near_;
    Real limit_;
    const RowTable<Real>& rows_;
    std::vector<std::uint32_t> candidates_;
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
