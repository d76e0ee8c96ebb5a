#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "topolens/edges.hpp"

namespace topolens {

/// A set of classes, ascending; the sum of two is their symmetric difference.
using ClassSet = std::vector<std::uint32_t>;

inline bool contains(const ClassSet& set, std::uint32_t g) {
    return std::binary_search(set.begin(), set.end(), g);
}

inline void add_to(ClassSet& sum, const ClassSet& other) {
    if (other.size() == 1) {
        const auto at = std::lower_bound(sum.begin(), sum.end(), other[0]);
        if (at != sum.end() && *at == other[0]) {
            sum.erase(at);
        } else {
            sum.insert(at, other[0]);
        }
        return;
    }
    ClassSet result;
    std::set_symmetric_difference(sum.begin(), sum.end(), other.begin(), other.end(),
                                  std::back_inserter(result));
    sum.swap(result);
}

/// One cocycle for each living class of H1, a set of edges that meets every triangle evenly, so
/// that it tells how often a cycle winds about its class. Kept by edges, each with the classes that
/// it belongs to (the annotations of Boissonnat, Dey and Maria, arXiv 1304.6813, section 3): few
/// edges have any.
template <typename Real>
class Cocycles {
public:
    using Id = std::uint32_t;

    Cocycles(Dissimilarity<Real> d, std::size_t n_classes)
        : d_(d), at_(d.n), of_(n_classes) {}

    Id add(const Edge<Real>& e, ClassSet classes) {
        Id id = Id(members_.size());
        if (free_.empty()) {
            members_.emplace_back();
        } else {
            id = free_.back();
            free_.pop_back();
        }
        for (const Vertex v : {e.i, e.j}) at_[v].push_back(id);
        for (const std::uint32_t g : classes) of_[g].push_back(id);
        members_[id] = {e, std::move(classes)};
        return id;
    }

    const Edge<Real>& edge(Id id) const { return members_[id].e; }
    bool has_classes(Id id) const { return !members_[id].classes.empty(); }

    /// A vertex k of a lune with the classes of the path from i over k to j.
    struct Value {
        Vertex k;
        ClassSet classes;
    };

    /// The vertices of the lune of e where the path over them has classes, ascending.
    const std::vector<Value>& values(const Edge<Real>& e) {
        found_.clear();
        collect(e, e.i, e.j);
        collect(e, e.j, e.i);
        std::sort(found_.begin(), found_.end(), [](auto& a, auto& b) { return a.k < b.k; });
        std::size_t kept = 0;
        for (std::size_t v = 0; v < found_.size(); ++v) {
            const bool twice = v + 1 < found_.size() && found_[v].k == found_[v + 1].k;
            if (twice) add_to(found_[v].classes, found_[v + 1].classes);
            if (!found_[v].classes.empty()) std::swap(found_[kept++], found_[v]);
            v += twice;
        }
        found_.resize(kept);
        return found_;
    }

    /// The cycle on which the cocycles of `boundary` are odd has become a boundary. Its youngest
    /// class dies; the others add that one's cocycle, and then all are even on it.
    void kill(const ClassSet& boundary) {
        const std::uint32_t dying = boundary.back();
        for (const Id id : std::exchange(of_[dying], {})) {
            Member& m = members_[id];
            if (!contains(m.classes, dying)) continue;
            work_ += m.classes.size() + boundary.size();
            for (const std::uint32_t g : boundary) {
                if (!contains(m.classes, g)) of_[g].push_back(id);
            }
            add_to(m.classes, boundary);
            if (m.classes.empty()) drop(id);
        }
    }

    /// Members and classes met so far, a measure of time.
    std::size_t work() const { return work_; }

private:
    struct Member {
        Edge<Real> e;
        ClassSet classes;
    };

    void collect(const Edge<Real>& e, Vertex from, Vertex to) {
        work_ += at_[from].size();
        for (const Id id : at_[from]) {
            const Member& m = members_[id];
            const Vertex k = m.e.i == from ? m.e.j : m.e.i;
            if (k == to || !(edge_between(d_, to, k) < e)) continue;
            work_ += m.classes.size();
            found_.push_back({k, m.classes});
        }
    }

    void drop(Id id) {
        for (const Vertex v : {members_[id].e.i, members_[id].e.j}) {
            *std::find(at_[v].begin(), at_[v].end(), id) = at_[v].back();
            at_[v].pop_back();
        }
        free_.push_back(id);
    }

    Dissimilarity<Real> d_;
    std::vector<Member> members_;
    std::vector<Id> free_;
    std::vector<std::vector<Id>> at_;  // by vertex
    std::vector<std::vector<Id>> of_;  // by class; members may have left it since
    std::vector<Value> found_;
    std::size_t work_ = 0;
};

}  // namespace topolens
