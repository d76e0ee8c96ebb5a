#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "topolens/cocycles.hpp"
#include "topolens/kernel_table.hpp"
#include "topolens/neighbours.hpp"

namespace topolens {

/// Class `generator` of H1 dies with edge e and its triangle at k.
template <typename Real>
struct LoopDeath {
    std::size_t generator;
    Edge<Real> e;
    Vertex k;
};

/// The deaths of H1 by cohomology, without a sweep over all edges.
///
/// A new edge e = (i, j) with lune L extends all cocycles if the path i, k, j has the same classes
/// for every k in L, and then takes these itself. Otherwise two paths differ by a set of classes:
/// the four-cycle they form becomes a boundary, and the youngest class of the set dies (elder
/// rule). So nothing happens at e unless some path over L has classes, that is, unless e is the
/// longest edge of a triangle on an edge with classes. Each of these edges looks ahead to the next
/// such e, and only those are visited: a few for each class instead of nearly all pairs of points.
///
/// An edge of the relative neighbourhood graph has no lune. It takes the class that begins with it
/// and no other; one that joins components takes none.
template <typename Real>
class LoopDeaths {
public:
    LoopDeaths(Dissimilarity<Real> d, const Neighbours<Real>& near, Real limit,
               const std::vector<Edge<Real>>& generators, std::size_t patience,
               const KernelTable& kernels)
        : d_(d), near_(near), limit_(limit), generators_(generators), rows_(kernels.rows<Real>()),
          most_scans_((patience + d.n / 2000) * (d.n + generators.size())), cocycles_(d, generators.size()),
          lune_(d.n) {}

    /// All deaths, in order. Gives up, with false, where cocycles grow so large (loops that live
    /// long are crossed by many edges) that a sweep will be faster. `tell` hears of the share done.
    bool find(const std::function<void(double)>& tell) {
        std::size_t born = 0;
        for (std::size_t step = 0; deaths_.size() < generators_.size(); ++step) {
            if (step % 256 == 0) tell(double(deaths_.size()) / double(generators_.size()));
            if (is_too_much()) return false;
            const bool is_birth = born < generators_.size() &&
                                  (queue_.empty() || generators_[born] < queue_.top().e);
            if (is_birth) {
                add(generators_[born], {std::uint32_t(born)});
                ++born;
            } else if (!queue_.empty()) {
                visit(queue_.top().e);
            } else {
                break;
            }
        }
        return true;
    }

    const std::vector<LoopDeath<Real>>& deaths() const { return deaths_; }

private:
    using Id = typename Cocycles<Real>::Id;

    /// Edge e is the longest of a triangle on the edge `id`, and the next such.
    struct Closing {
        Edge<Real> e;
        Id id;

        friend bool operator<(const Closing& a, const Closing& b) { return b.e < a.e; }
    };

    /// A scan reads two rows, sixteen numbers at a time; a class takes about as long as four such
    /// steps, a tie, which is kept and sorted, eight times as long.
    bool is_too_much() const {
        const std::size_t per_scan = d_.n / 32 + 1;
        return scans_ + (8 * n_ties_ + cocycles_.work()) / per_scan >= most_scans_;
    }

    void add(const Edge<Real>& e, ClassSet classes) {
        const Id id = cocycles_.add(e, std::move(classes));
        if (id == ahead_.size()) ahead_.emplace_back();
        ahead_[id].clear();
        look_ahead(id, e);
    }

    void visit(const Edge<Real> e) {
        due_.clear();
        for (; !queue_.empty() && queue_.top().e == e; queue_.pop()) {
            const Id id = queue_.top().id;
            if (is_due(id, e)) due_.push_back(id);
        }
        if (due_.empty()) return;
        extend(e);
        for (const Id id : due_) {
            if (is_due(id, e)) look_ahead(id, e);
        }
    }

    /// False for what the queue holds of members that are gone, or replaced.
    bool is_due(Id id, const Edge<Real>& e) const {
        return cocycles_.has_classes(id) && !ahead_[id].empty() && ahead_[id].back() == e;
    }

    void extend(const Edge<Real>& e) {
        const auto& values = cocycles_.values(e);
        if (values.empty()) return;
        const bool agree = std::all_of(values.begin(), values.end(), [&](auto& v) {
            return v.classes == values[0].classes;
        });
        if (agree && lune(e, values.size() + 1) == values.size()) {
            add(e, values[0].classes);
        } else {
            die(e, values);
        }
    }

    /// Compare the first component of the lune, which holds the apex, with each of the others.
    void die(const Edge<Real>& e, const std::vector<typename Cocycles<Real>::Value>& values) {
        const std::vector<Vertex> components = components_of_lune(e);
        std::vector<ClassSet> classes;
        for (const Vertex k : components) {
            const auto at = std::lower_bound(values.begin(), values.end(), k,
                                             [](auto& v, Vertex w) { return v.k < w; });
            classes.push_back(at != values.end() && at->k == k ? at->classes : ClassSet{});
        }
        for (std::size_t r = 1; r < components.size(); ++r) {
            ClassSet boundary = classes[0];
            add_to(boundary, classes[r]);
            if (boundary.empty()) continue;
            const std::uint32_t dying = boundary.back();
            cocycles_.kill(boundary);
            for (ClassSet& set : classes) {
                if (contains(set, dying)) add_to(set, boundary);
            }
            deaths_.push_back({dying, e, components[r]});
        }
        if (!classes[0].empty()) add(e, std::move(classes[0]));
    }

    /// The vertices of the lune into `lune_`, at most about `enough`; how many.
    std::size_t lune(const Edge<Real>& e, std::size_t enough) {
        for (const auto& [from, to] : {std::pair(e.i, e.j), std::pair(e.j, e.i)}) {
            if (e.value() < near_.reach(from)) return lune_in_list(e, from, to);
        }
        ++scans_;
        return rows_.lune(d_.row(e.i), d_.row(e.j), d_.n, e.i, e.j, enough, lune_.data());
    }

    std::size_t lune_in_list(const Edge<Real>& e, Vertex from, Vertex to) {
        std::size_t size = 0;
        const Real* lengths = near_.lengths_of(from);
        for (std::size_t r = 0; r < near_.per_vertex && lengths[r] <= e.value(); ++r) {
            const std::uint32_t k = near_.of(from)[r];
            if (k != to && edge_between(d_, from, k) < e && edge_between(d_, to, k) < e) {
                lune_[size++] = k;
            }
        }
        return size;
    }

    /// For each component of the lune the vertex that minimises the longer side, then its name; in
    /// that order, too.
    std::vector<Vertex> components_of_lune(const Edge<Real>& e) {
        std::vector<std::pair<Real, Vertex>> left, reached;
        const std::size_t size = lune(e, d_.n);
        for (std::size_t k = 0; k < size; ++k) {
            const auto v = Vertex(lune_[k]);
            left.emplace_back(std::max(d_(e.i, v), d_(e.j, v)), v);
        }
        std::sort(left.begin(), left.end());
        std::vector<Vertex> first;
        while (!left.empty()) {
            first.push_back(left[0].second);
            reached.assign(1, left[0]);
            left.erase(left.begin());
            for (std::size_t r = 0; r < reached.size() && !left.empty(); ++r) {
                const Vertex u = reached[r].second;
                const auto is_apart = [&](auto& v) { return !(edge_between(d_, u, v.second) < e); };
                const auto split = std::stable_partition(left.begin(), left.end(), is_apart);
                reached.insert(reached.end(), split, left.end());
                left.erase(split, left.end());
            }
        }
        return first;
    }

    /// Queue the next edge after `now` that closes a triangle on edge `id` as its longest.
    void look_ahead(Id id, const Edge<Real>& now) {
        auto& ahead = ahead_[id];
        while (!ahead.empty() && !(now < ahead.back())) ahead.pop_back();
        if (ahead.empty()) find_near_closing(cocycles_.edge(id), now, ahead);
        if (ahead.empty()) find_closing(cocycles_.edge(id), now, ahead);
        if (!ahead.empty()) queue_.push({ahead.back(), id});
    }

    /// Those shorter than the list of one end reaches, the last first.
    void find_near_closing(const Edge<Real>& s, const Edge<Real>& now,
                           std::vector<Edge<Real>>& ahead) {
        const bool is_second = near_.reach(s.i) < near_.reach(s.j);
        const Vertex from = is_second ? s.j : s.i, to = is_second ? s.i : s.j;
        const Real reach = near_.reach(from);
        if (!(now.value() < reach)) return;
        for (std::size_t r = 0; r < near_.per_vertex; ++r) {
            const std::uint32_t k = near_.of(from)[r];
            if (k == to) continue;
            const Edge<Real> e = longest(s, k);
            if (now < e && e.value() < reach && e.value() <= limit_) ahead.push_back(e);
        }
        std::sort(ahead.begin(), ahead.end(), [](auto& a, auto& b) { return b < a; });
    }

    /// The next few, the last first. One longer side equals the length of `now`, which closes a
    /// triangle on s, or two, those of the ends of s = now; any more are ties.
    void find_closing(const Edge<Real>& s, const Edge<Real>& now, std::vector<Edge<Real>>& ahead) {
        ++scans_;
        kernels::Side<Real> sides[kernels::max_sides];
        const auto count =
            rows_.next_sides(d_.row(s.i), d_.row(s.j), d_.n, now.value(), limit_, sides);
        if (count.equal > (s == now ? 2u : 1u)) add_equal(s, now.value(), now, ahead);
        const bool full = count.above == kernels::max_sides;
        const Real last = full ? sides[count.above - 1].length : 0;  // its ties may be missing
        for (std::size_t k = 0; k < count.above && !(full && sides[k].length == last); ++k) {
            ahead.push_back(longest(s, sides[k].k));
        }
        if (full && ahead.empty()) add_equal(s, last, now, ahead);
        std::sort(ahead.begin(), ahead.end(), [](auto& a, auto& b) { return b < a; });
    }

    void add_equal(const Edge<Real>& s, Real length, const Edge<Real>& now,
                   std::vector<Edge<Real>>& ahead) {
        const std::size_t count =
            rows_.equal_sides(d_.row(s.i), d_.row(s.j), d_.n, length, lune_.data());
        for (std::size_t k = 0; k < count; ++k) {
            if (lune_[k] == s.i || lune_[k] == s.j) continue;
            ++n_ties_;
            const Edge<Real> e = longest(s, lune_[k]);
            if (now < e) ahead.push_back(e);
        }
    }

    Edge<Real> longest(const Edge<Real>& s, std::size_t k) const {
        return std::max(edge_between(d_, s.i, k), edge_between(d_, s.j, k));
    }

    Dissimilarity<Real> d_;
    const Neighbours<Real>& near_;
    Real limit_;
    const std::vector<Edge<Real>>& generators_;
    const RowTable<Real>& rows_;
    std::size_t most_scans_;
    Cocycles<Real> cocycles_;
    std::vector<std::vector<Edge<Real>>> ahead_;  // by member: the next edges, the last first
    std::priority_queue<Closing> queue_;
    std::vector<Id> due_;
    std::vector<std::uint32_t> lune_;
    std::vector<LoopDeath<Real>> deaths_;
    std::size_t scans_ = 0;  // of two rows
    std::size_t n_ties_ = 0;
};

}  // namespace topolens
