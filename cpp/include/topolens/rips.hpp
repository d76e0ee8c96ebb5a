#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "topolens/columns.hpp"
#include "topolens/cycles.hpp"
#include "topolens/edge_stream.hpp"
#include "topolens/flow.hpp"
#include "topolens/loop_deaths.hpp"
#include "topolens/lune.hpp"
#include "topolens/neighbours.hpp"
#include "topolens/rng.hpp"
#include "topolens/triangle_flow.hpp"

namespace topolens {

/// A persistence interval with the simplices that begin and end it, as vertices; the first two
/// span the longest edge, whose length is the value. Unused places hold -1.
template <typename Real>
struct Bar {
    Real birth;
    Real death;
    std::array<std::int32_t, 4> born;
    std::array<std::int32_t, 4> died;
    std::size_t generator;  // its number among the classes of its degree that ever begin
};

template <typename Real>
using Bars = std::vector<Bar<Real>>;

/// Called now and then with the share of the work that is done; throws to cancel.
using Progress = std::function<void(double)>;

template <typename Real>
struct RipsOptions {
    std::size_t max_dim = 1;
    Real threshold = std::numeric_limits<Real>::infinity();
    std::size_t threads = 1;
    std::size_t slab_bytes = std::size_t{24} << 20;
    std::size_t patience = 3;  // scans for each point and class, and more for many points, before
                               // H1 turns to the sweep
    Progress progress = [](double) {};
    const KernelTable* kernels = &kernels_for_this_machine();
};

/// Exact Vietoris-Rips persistence over Z/2 of any symmetric dissimilarity, one edge at a time.
///
/// Adding edge e to the flag complex changes homology in degree p as the link of e has reduced
/// homology in degree p - 2 (Koyama et al., arXiv 2307.16333 and 2412.07805): an empty lune merges
/// components or starts a class of H1; a lune in c components offers c - 1 boundaries, each of
/// which kills a class of H1 or starts one of H2; a loop in the link may kill one of H2.
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
            found_[0].push_back({0, infinite, simplex(0), simplex(), 0});
            return found_;
        }
        const auto near = nearest_neighbours(d_, n_near, kernels_, options_.threads);
        limit_ = std::min({options_.threshold, near.enclosing_radius,
                           std::numeric_limits<Real>::max()});
        is_cone_ = near.enclosing_radius <= limit_;
        options_.progress(0.0);
        split(RelativeNeighbourhoods<Real>(d_, near, limit_, kernels_).edges(options_.threads));
        options_.progress(0.0);
        if (options_.max_dim == 1 && find_loop_deaths(near)) {
            leave_open();
        } else if (options_.max_dim >= 1) {
            sweep(near);
        }
        return std::move(found_);
    }

    /// Cycles of the classes of H1 with these generators, after `bars`.
    std::vector<Cycle> cycles(const std::vector<std::size_t>& generators) {
        for (const auto& [g, e, k] : std::exchange(loop_deaths_, {})) {
            kill_loop(e, Vertex(edge_flow_.apex_of(e)), k);
        }
        LoopCycles<Real> cycles(d_, forest_, loops_, loop_columns_, edge_flow_);
        std::vector<Cycle> found;
        for (const std::size_t g : generators) {
            found.push_back(cycles.of(g));
            options_.progress(1.0);
        }
        return found;
    }

private:
    static constexpr Real infinite = std::numeric_limits<Real>::infinity();
    static constexpr std::size_t n_near = 16;

    /// H0, and the edges that give birth to H1.
    void split(const std::vector<Edge<Real>>& edges) {
        const auto dying = spanning_forest(edges, d_.n);
        std::vector<bool> has_died(d_.n);
        for (std::size_t e = 0; e < edges.size(); ++e) {
            if (dying[e] == none) {
                edge_flow_.add_generator(edges[e], loop_columns_.add_generator());
                loops_.push_back(edges[e]);
                continue;
            }
            edge_flow_.add_tree_edge(edges[e]);
            forest_.push_back(edges[e]);
            has_died[dying[e]] = true;
            if (edges[e].bits == 0) continue;
            found_[0].push_back({0, edges[e].value(), simplex(dying[e]),
                                 simplex(edges[e].i, edges[e].j), dying[e]});
        }
        n_open_loops_ = loops_.size();
        open_loops_.assign(n_open_loops_, true);
        for (std::size_t v = 0; v < d_.n; ++v) {
            if (!has_died[v]) found_[0].push_back({0, infinite, simplex(v), simplex(), v});
        }
    }

    /// H1 alone, without its columns: those are made from the deaths when cycles are wanted.
    bool find_loop_deaths(const Neighbours<Real>& near) {
        LoopDeaths<Real> search(d_, near, limit_, loops_, options_.patience, kernels_);
        if (!search.find(options_.progress)) return false;
        loop_deaths_ = search.deaths();
        for (const auto& [g, e, k] : loop_deaths_) end_loop(g, e, k);
        return true;
    }

    /// H1 and H2: look at every edge whose link is not trivial. The relative neighbourhood graph
    /// lists all classes of H1, so without H2 the sweep ends with the last death (Koyama et al.,
    /// section 4); classes of H2 may begin until the end.
    void sweep(const Neighbours<Real>& near) {
        GrowingGraph<Real> graph(d_, near, kernels_);
        EdgeStream<Real> stream(d_, limit_, options_.slab_bytes / sizeof(Edge<Real>), kernels_);
        const bool voids = options_.max_dim >= 2;
        std::size_t n_searched = 0;
        while (voids || loop_columns_.alive() > 0) {
            const auto slab = stream.next();
            if (slab.empty()) break;
            graph.refresh(slab.back().value());
            for (std::size_t e = 0; voids || loop_columns_.alive() > 0; ++e) {
                const bool links = void_columns_.alive() > 0;
                e = graph.sweep(slab, e, links);
                if (e == slab.size()) break;
                if (links) {
                    fill_voids(slab[e], graph);
                } else {
                    close_loops(slab[e], graph.components(slab[e]));
                }
                graph.insert(slab[e]);
                if (++n_searched % 64 == 0) options_.progress(stream.share());
            }
            options_.progress(stream.share());
        }
        leave_open();
    }

    /// A lune in c components brings the c - 1 boundaries of the four-cycles i, first, j, other
    /// (section 3 of the same paper). Each kills a class of H1 or else begins one of H2.
    void close_loops(const Edge<Real>& e, const std::vector<Vertex>& components) {
        for (std::size_t r = 1; r < components.size(); ++r) {
            const std::size_t g = kill_loop(e, components[0], components[r]);
            if (options_.max_dim >= 2) {
                triangle_flow_.add_root(e, components[r], g == none ? begin_void(e, components[r])
                                                                    : none);
            }
            if (g != none) end_loop(g, e, components[r]);
        }
    }

    void end_loop(std::size_t g, const Edge<Real>& e, Vertex k) {
        open_loops_[g] = false;
        --n_open_loops_;
        if (loops_[g].bits == e.bits) return;
        found_[1].push_back({loops_[g].value(), e.value(), simplex(loops_[g].i, loops_[g].j),
                             simplex(e.i, e.j, k), g});
    }

    std::size_t kill_loop(const Edge<Real>& e, Vertex first, Vertex other) {
        if (loop_columns_.alive() == 0) return none;
        for (const Vertex k : {first, other}) {
            edge_flow_.push(e.i, k);
            edge_flow_.push(k, e.j);
        }
        edge_flow_.drain(loop_columns_);
        return loop_columns_.reduce();
    }

    std::size_t begin_void(const Edge<Real>& e, Vertex k) {
        voids_.push_back({e, k});
        return void_columns_.add_generator();
    }

    /// A loop in the link of e, suspended from its ends, is a sphere whose filling may kill a class
    /// of H2: the same connecting map one degree up.
    void fill_voids(const Edge<Real>& e, GrowingGraph<Real>& graph) {
        const auto& components = graph.components(e, [&](const std::vector<Vertex>& loop) {
            for (std::size_t k = 0; k < loop.size(); ++k) {
                const Vertex a = loop[k], b = loop[(k + 1) % loop.size()];
                triangle_flow_.push(e.i, a, b);
                triangle_flow_.push(e.j, a, b);
            }
            triangle_flow_.drain(void_columns_);
            const std::size_t g = void_columns_.reduce();
            if (g == none || voids_[g].e.bits == e.bits) return;
            found_[2].push_back({voids_[g].e.value(), e.value(), voids_[g].born(),
                                 simplex(e.i, e.j, loop.back(), loop.front()), g});
        });
        close_loops(e, components);
    }

    /// Classes that outlive the threshold. None can where the complex ends as a cone.
    void leave_open() {
        if (is_cone_ && n_open_loops_ + void_columns_.alive() > 0) {
            throw std::logic_error("a class outlived the enclosing radius: this is a bug");
        }
        for (std::size_t g = 0; g < loops_.size(); ++g) {
            if (!open_loops_[g]) continue;
            found_[1].push_back({loops_[g].value(), infinite, simplex(loops_[g].i, loops_[g].j),
                                 simplex(), g});
        }
        for (std::size_t g = 0; g < voids_.size(); ++g) {
            if (void_columns_.is_dead(g)) continue;
            found_[2].push_back({voids_[g].e.value(), infinite, voids_[g].born(), simplex(), g});
        }
    }

    template <typename... Vertices>
    static std::array<std::int32_t, 4> simplex(Vertices... v) {
        std::array<std::int32_t, 4> s{-1, -1, -1, -1};
        std::size_t at = 0;
        ((s[at++] = std::int32_t(v)), ...);
        return s;
    }

    struct CriticalTriangle {
        Edge<Real> e;
        Vertex k;

        std::array<std::int32_t, 4> born() const { return simplex(e.i, e.j, k); }
    };

    Dissimilarity<Real> d_;
    const RipsOptions<Real>& options_;
    const KernelTable& kernels_;
    Real limit_ = 0;
    bool is_cone_ = false;
    EdgeFlow<Real> edge_flow_{d_, kernels_};
    TriangleFlow<Real> triangle_flow_{d_, edge_flow_, kernels_};
    BitColumns loop_columns_{kernels_};
    BitColumns void_columns_{kernels_};
    std::vector<Edge<Real>> forest_;
    std::vector<Edge<Real>> loops_;
    std::vector<bool> open_loops_;
    std::size_t n_open_loops_ = 0;
    std::vector<LoopDeath<Real>> loop_deaths_;  // until their columns are wanted
    std::vector<CriticalTriangle> voids_;
    std::vector<Bars<Real>> found_;
};

}  // namespace topolens
