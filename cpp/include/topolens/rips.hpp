#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "topolens/columns.hpp"
#include "topolens/edge_stream.hpp"
#include "topolens/flow.hpp"
#include "topolens/lune.hpp"
#include "topolens/neighbours.hpp"
#include "topolens/rng.hpp"

namespace topolens {

/// A persistence interval with the simplices that begin and end it, as vertices; the first two
/// span the longest edge, whose length is the value. Unused places hold -1.
template <typename Real>
struct Bar {
    Real birth;
    Real death;
    std::array<std::int32_t, 4> born;
    std::array<std::int32_t, 4> died;
};

template <typename Real>
using Bars = std::vector<Bar<Real>>;

/// Called now and then with the share of the work that is done; throws to cancel.
using Progress = std::function<void(double)>;

template <typename Real>
struct RipsOptions {
    std::size_t max_dim = 1;
    Real threshold = std::numeric_limits<Real>::infinity();
    std::size_t slab_edges = std::size_t{1} << 20;
    Progress progress = [](double) {};
    const KernelTable* kernels = &kernels_for_this_machine();
};

/// Exact Vietoris-Rips persistence over Z/2 of any symmetric dissimilarity, one edge at a time.
///
/// Adding edge e to the flag complex changes homology in degree p as the link of e has reduced
/// homology in degree p - 2 (Koyama et al., arXiv 2307.16333 and 2412.07805): an empty lune merges
/// components or starts a class of H1; a lune in c components offers c - 1 boundaries that may
/// kill one.
template <typename Real>
class Rips {
public:
    Rips(Dissimilarity<Real> d, const RipsOptions<Real>& options)
        : d_(d), options_(options), kernels_(*options.kernels) {}

    /// The bars of each dimension from 0 to max_dim, those of length zero left out.
    std::vector<Bars<Real>> bars() {
        found_.resize(options_.max_dim + 1);
        if (d_.n == 0) return found_;
        if (d_.n == 1) {
            found_[0].push_back({0, infinite, {0, -1, -1, -1}, {-1, -1, -1, -1}});
            return found_;
        }
        const auto near = nearest_neighbours(d_, n_near, kernels_);
        limit_ = std::min({options_.threshold, near.enclosing_radius,
                           std::numeric_limits<Real>::max()});
        const auto edges = RelativeNeighbourhoods<Real>(d_, near, limit_, kernels_).edges();
        EdgeFlow<Real> flow(d_, kernels_);
        const auto generators = split(edges, flow);
        if (options_.max_dim >= 1) kill_cycles(generators, near.centre, flow);
        return found_;
    }

private:
    static constexpr Real infinite = std::numeric_limits<Real>::infinity();
    static constexpr std::size_t n_near = 24;

    /// H0, and the edges that give birth to H1.
    std::vector<Edge<Real>> split(const std::vector<Edge<Real>>& edges, EdgeFlow<Real>& flow) {
        std::vector<Edge<Real>> generators;
        const auto eldest = spanning_forest(edges, d_.n);
        std::vector<bool> has_died(d_.n);
        for (std::size_t e = 0; e < edges.size(); ++e) {
            if (eldest[e] == not_merging) {
                flow.add_generator(edges[e], generators.size());
                generators.push_back(edges[e]);
                continue;
            }
            flow.add_tree_edge(edges[e]);
            has_died[eldest[e]] = true;
            if (edges[e].bits == 0) continue;
            found_[0].push_back({0, edges[e].value(), simplex(eldest[e]),
                                 simplex(edges[e].i, edges[e].j)});
        }
        for (std::size_t v = 0; v < d_.n; ++v) {
            if (!has_died[v]) found_[0].push_back({0, infinite, simplex(v), simplex()});
        }
        return generators;
    }

    /// H1: reduce the boundaries of split lunes until every class is dead. The relative
    /// neighbourhood graph lists all classes, so nothing can follow (Koyama et al., section 4).
    void kill_cycles(const std::vector<Edge<Real>>& generators, std::size_t centre,
                     EdgeFlow<Real>& flow) {
        BitColumns columns(generators.size(), kernels_);
        GrowingGraph<Real> graph(d_, centre, kernels_);
        EdgeStream<Real> stream(d_, limit_, options_.slab_edges, kernels_);
        while (columns.alive() > 0) {
            const auto slab = stream.next();
            if (slab.empty()) break;
            graph.refresh();
            for (std::size_t e = 0; columns.alive() > 0;) {
                e = graph.sweep(slab, e);
                if (e == slab.size()) break;
                close(slab[e], graph.representatives(slab[e]), generators, flow, columns);
                graph.insert(slab[e++]);
            }
            options_.progress(stream.share());
        }
        for (std::size_t g = 0; g < generators.size(); ++g) {
            if (columns.is_dead(g)) continue;
            found_[1].push_back({generators[g].value(), infinite,
                                 simplex(generators[g].i, generators[g].j), simplex()});
        }
    }

    /// The new boundaries at e: the four-cycles i, first, j, other (section 3 of the same paper).
    void close(const Edge<Real>& e, const std::vector<Vertex>& lune,
               const std::vector<Edge<Real>>& generators, EdgeFlow<Real>& flow,
               BitColumns& columns) {
        for (std::size_t r = 1; r < lune.size(); ++r) {
            for (const Vertex k : {lune[0], lune[r]}) {
                flow.push(e.i, k);
                flow.push(k, e.j);
            }
            flow.drain(columns);
            const std::size_t g = columns.reduce();
            if (g == none || generators[g].bits == e.bits) continue;
            found_[1].push_back({generators[g].value(), e.value(),
                                 simplex(generators[g].i, generators[g].j),
                                 simplex(e.i, e.j, lune[r])});
        }
    }

    template <typename... Vertices>
    static std::array<std::int32_t, 4> simplex(Vertices... v) {
        std::array<std::int32_t, 4> s{-1, -1, -1, -1};
        std::size_t at = 0;
        ((s[at++] = std::int32_t(v)), ...);
        return s;
    }

    Dissimilarity<Real> d_;
    const RipsOptions<Real>& options_;
    const KernelTable& kernels_;
    Real limit_ = 0;
    std::vector<Bars<Real>> found_;
};

}  // namespace topolens
