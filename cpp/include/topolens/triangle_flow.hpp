#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "topolens/columns.hpp"
#include "topolens/flow.hpp"

namespace topolens {

/// Discrete Morse flow on triangles, one degree above EdgeFlow.
///
/// A triangle is its longest edge f and a vertex w of the lune of f. In each component of the lune
/// a tree of shortest paths leads to a root: the apex of f, or the representative of another
/// component. A triangle at the apex is matched with f and vanishes; at another root it is
/// critical; elsewhere it is matched with the tetrahedron at its parent and flows along the path to
/// the root. All triangles it meets have an earlier longest edge.
template <typename Real>
class TriangleFlow {
public:
    TriangleFlow(Dissimilarity<Real> d, EdgeFlow<Real>& edges, const KernelTable& kernels)
        : d_(d), edges_(edges), rows_(kernels.rows<Real>()) {}

    /// The lune of f has a component with root w other than the apex's; `generator` is the class of
    /// H2 that begins there, or `none`.
    void add_root(const Edge<Real>& f, Vertex w, std::size_t generator) {
        roots_[f.pair()].push_back({w, generator});
    }

    void push(std::size_t a, std::size_t b, std::size_t c) {
        Edge<Real> longest = edge_between(d_, a, b);
        std::size_t third = c;
        for (const auto& [edge, opposite] : {std::pair(edge_between(d_, a, c), b),
                                             std::pair(edge_between(d_, b, c), a)}) {
            if (edge < longest) continue;
            longest = edge;
            third = opposite;
        }
        heap_.push_back({longest, Vertex(third)});
        std::push_heap(heap_.begin(), heap_.end());
    }

    /// Flow everything pushed and flip the generators it reaches.
    void drain(BitColumns& columns) {
        while (!heap_.empty()) {
            const Triangle t = heap_.front();
            bool odd = false;
            while (!heap_.empty() && heap_.front() == t) {
                std::pop_heap(heap_.begin(), heap_.end());
                heap_.pop_back();
                odd = !odd;
            }
            if (odd) descend(t, columns);
        }
    }

private:
    struct Triangle {
        Edge<Real> f;
        Vertex w;

        friend bool operator==(const Triangle&, const Triangle&) = default;
        friend bool operator<(const Triangle& a, const Triangle& b) {
            return a.f == b.f ? a.w < b.w : a.f < b.f;
        }
    };

    struct Root {
        Vertex w;
        std::size_t generator;
    };

    using Parents = std::vector<std::pair<Vertex, Vertex>>;  // (vertex, parent), by vertex

    void descend(const Triangle& t, BitColumns& columns) {
        const auto top = Vertex(edges_.apex_of(t.f));
        const auto others = roots_.find(t.f.pair());
        for (Vertex w = t.w; w != top;) {
            if (others != roots_.end()) {
                const auto root = std::find_if(others->second.begin(), others->second.end(),
                                               [w](const Root& r) { return r.w == w; });
                if (root != others->second.end()) {
                    if (root->generator != none) columns.flip(root->generator);
                    return;
                }
            }
            const Vertex next = parent(t.f, w, top);
            push(t.f.i, w, next);
            push(t.f.j, w, next);
            w = next;
        }
    }

    /// The least vertex one step nearer to the root.
    Vertex parent(const Edge<Real>& f, Vertex w, Vertex top) {
        if (edge_between(d_, w, top) < f) return top;
        if (const auto known = forests_.find(f.pair()); known != forests_.end()) {
            return parent_in(known->second, w);
        }
        if (const std::size_t k = first_common(f, top, w); k < d_.n) return Vertex(k);
        return parent_in(forests_.emplace(f.pair(), forest(f, top)).first->second, w);
    }

    static Vertex parent_in(const Parents& parents, Vertex w) {
        return std::lower_bound(parents.begin(), parents.end(), std::pair(w, Vertex{0}))->second;
    }

    /// The least vertex of the lune of f next to both a and w, or n. Between vertices other than
    /// the ends of f = (i, j), an edge as long as f is earlier if one of its ends is less than i.
    std::size_t first_common(const Edge<Real>& f, std::size_t a, std::size_t w) const {
        const Real length = f.value();
        const Real shorter = std::nextafter(length, Real(-1));
        const std::array rows{d_.row(f.i), d_.row(f.j), d_.row(a), d_.row(w)};
        const auto search = [&](std::size_t begin, std::size_t end) {
            const auto bound = [&](bool tie) { return tie ? length : shorter; };
            const bool before = end <= f.i;
            const std::array bounds{bound(end <= f.j), bound(before), bound(before || a < f.i),
                                    bound(before || w < f.i)};
            const std::size_t k = rows_.first_within(rows.data(), bounds.data(), 4, begin, end);
            return k < end ? k : d_.n;
        };
        std::size_t k = search(0, f.i);
        if (k == d_.n) k = search(std::size_t(f.i) + 1, f.j);
        if (k == d_.n) k = search(std::size_t(f.j) + 1, d_.n);
        return k;
    }

    /// Parents in the forest of shortest paths to the roots, for the whole lune.
    Parents forest(const Edge<Real>& f, Vertex top) const {
        std::vector<Vertex> left;
        for (std::size_t k = 0; k < d_.n; ++k) {
            if (k != f.i && k != f.j && edge_between(d_, f.i, k) < f && edge_between(d_, f.j, k) < f) {
                left.push_back(Vertex(k));
            }
        }
        std::vector<Vertex> layer{top};
        if (const auto others = roots_.find(f.pair()); others != roots_.end()) {
            for (const Root& r : others->second) layer.push_back(r.w);
        }
        std::sort(layer.begin(), layer.end());
        Parents parents;
        for (const Vertex root : layer) std::erase(left, root);
        while (!layer.empty()) {
            std::vector<Vertex> next;
            std::erase_if(left, [&](Vertex v) {
                for (const Vertex u : layer) {
                    if (!(edge_between(d_, u, v) < f)) continue;
                    parents.emplace_back(v, u);
                    next.push_back(v);
                    return true;
                }
                return false;
            });
            layer = std::move(next);
        }
        std::sort(parents.begin(), parents.end());
        parents.shrink_to_fit();
        return parents;
    }

    Dissimilarity<Real> d_;
    EdgeFlow<Real>& edges_;
    const RowTable<Real>& rows_;
    std::vector<Triangle> heap_;
    std::unordered_map<std::uint32_t, std::vector<Root>> roots_;
    std::unordered_map<std::uint32_t, Parents> forests_;
};

}  // namespace topolens
