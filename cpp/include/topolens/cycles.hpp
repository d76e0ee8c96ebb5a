#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "topolens/columns.hpp"
#include "topolens/flow.hpp"

namespace topolens {

/// Closed walks that carry a bar of H1: vertices in order, the last joined to the first.
struct Cycle {
    std::vector<std::vector<Vertex>> walks;
    bool is_shortest;  // one walk, the shortest through the edge that begins the bar
};

/// Representative cycles of the classes of H1, once the columns are reduced.
///
/// The reduced column of a class names generators; each closes a cycle with the spanning forest, and
/// their sum is born with the class and bounds where it dies. It may be long and in several pieces.
/// The shortest cycle through the edge of birth need not die at the same place; it is taken only if
/// its column vanishes with the columns of classes dead by then, which proves that it does.
template <typename Real>
class LoopCycles {
public:
    LoopCycles(Dissimilarity<Real> d, const std::vector<Edge<Real>>& forest,
               const std::vector<Edge<Real>>& generators, BitColumns& columns,
               EdgeFlow<Real>& flow)
        : d_(d), generators_(generators), columns_(columns), flow_(flow), to_root_(d.n) {
        hang(forest);
    }

    Cycle of(std::size_t g) {
        const std::vector<Vertex> shortest = shortest_through(generators_[g]);
        if (carries(shortest, g)) return {{shortest}, true};
        return {walks(edges_of_column(g)), false};
    }

private:
    using Pair = std::pair<Vertex, Vertex>;

    struct Step {
        Vertex up;
        std::size_t depth;
    };

    /// Depths and parents in the spanning forest, by search from each root.
    void hang(const std::vector<Edge<Real>>& forest) {
        std::vector<std::vector<Vertex>> next(d_.n);
        for (const auto& e : forest) {
            next[e.i].push_back(e.j);
            next[e.j].push_back(e.i);
        }
        std::vector<bool> seen(d_.n);
        for (std::size_t root = 0; root < d_.n; ++root) {
            if (seen[root]) continue;
            seen[root] = true;
            to_root_[root] = {Vertex(root), 0};
            std::vector<Vertex> queue{Vertex(root)};
            for (std::size_t q = 0; q < queue.size(); ++q) {
                const Vertex u = queue[q];
                for (const Vertex v : next[u]) {
                    if (seen[v]) continue;
                    seen[v] = true;
                    to_root_[v] = {u, to_root_[u].depth + 1};
                    queue.push_back(v);
                }
            }
        }
    }

    /// Dijkstra between the ends of e along earlier edges, by total length; closed by e itself.
    std::vector<Vertex> shortest_through(const Edge<Real>& e) const {
        constexpr double far = std::numeric_limits<double>::infinity();
        std::vector<double> length(d_.n, far);
        std::vector<Vertex> before(d_.n, e.i);
        std::vector<bool> done(d_.n);
        length[e.i] = 0;
        for (Vertex u = e.i; u != e.j;) {
            done[u] = true;
            std::size_t nearest = d_.n;
            for (std::size_t v = 0; v < d_.n; ++v) {
                if (done[v]) continue;
                const double through = length[u] + double(d_(u, v));
                if (through < length[v] && edge_between(d_, u, v) < e) {
                    length[v] = through;
                    before[v] = u;
                }
                if (length[v] < (nearest < d_.n ? length[nearest] : far)) nearest = v;
            }
            u = Vertex(nearest);
        }
        std::vector<Vertex> walk{e.j};
        while (walk.back() != e.i) walk.push_back(before[walk.back()]);
        return walk;
    }

    bool carries(const std::vector<Vertex>& walk, std::size_t g) {
        for (std::size_t k = 0; k < walk.size(); ++k) {
            flow_.push(walk[k], walk[(k + 1) % walk.size()]);
        }
        flow_.drain(columns_);
        return columns_.vanishes_by(g);
    }

    /// The edges of the sum of the cycles that the column names, or of the class's own cycle if it
    /// never dies.
    std::set<Pair> edges_of_column(std::size_t g) const {
        std::set<Pair> edges;
        const auto flip = [&](Vertex a, Vertex b) {
            const Pair edge = std::minmax(a, b);
            if (!edges.erase(edge)) edges.insert(edge);
        };
        for (const std::size_t k : columns_.coordinates(g)) {
            Vertex a = generators_[k].i, b = generators_[k].j;
            flip(a, b);
            while (a != b) {
                Vertex& deeper = to_root_[a].depth > to_root_[b].depth ? a : b;
                const Vertex up = to_root_[deeper].up;
                flip(deeper, up);
                deeper = up;
            }
        }
        return edges;
    }

    /// Decompose edges, an even number at each vertex, into closed walks: one for each component
    /// (Hierholzer).
    std::vector<std::vector<Vertex>> walks(std::set<Pair> edges) const {
        std::vector<std::set<Vertex>> next(d_.n);
        for (const auto& [a, b] : edges) {
            next[a].insert(b);
            next[b].insert(a);
        }
        std::vector<std::vector<Vertex>> found;
        for (std::size_t start = 0; start < d_.n; ++start) {
            if (next[start].empty()) continue;
            std::vector<Vertex> path{Vertex(start)}, walk;
            while (!path.empty()) {
                const Vertex u = path.back();
                if (next[u].empty()) {
                    walk.push_back(u);
                    path.pop_back();
                    continue;
                }
                const Vertex v = *next[u].begin();
                next[u].erase(v);
                next[v].erase(u);
                path.push_back(v);
            }
            walk.pop_back();  // the start, again
            found.push_back(std::move(walk));
        }
        return found;
    }

    Dissimilarity<Real> d_;
    const std::vector<Edge<Real>>& generators_;
    BitColumns& columns_;
    EdgeFlow<Real>& flow_;
    std::vector<Step> to_root_;
};

}  // namespace topolens
