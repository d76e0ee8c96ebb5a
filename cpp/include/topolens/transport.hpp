#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

namespace topolens {

/// The number at place k of a fixed order of 0 … n - 1 in which neighbours come far apart.
inline std::uint32_t scattered(std::size_t k, std::size_t n) {
    return std::uint32_t(k * std::uint64_t{2654435761} % n);  // a prime above every n
}

/// A cheapest transport of units between two sides over a list of arcs, where a unit can also be
/// left to the diagonal of its side. Shortest augmenting paths (Jonker and Volgenant 1987; Ahuja,
/// Magnanti, Orlin 1993, section 9.7) keep potentials that prove it: a potential is at most the cost
/// of the diagonal, two potentials together are at most the cost of an arc between them, with equality
/// wherever something is shipped. Arcs can be added later, after `release`.
class Transport {
public:
    struct Arc {
        std::uint32_t ends[2];
        std::uint32_t flow;
        double cost;
    };

    struct Side {
        Side(std::vector<double> costs, const std::vector<std::uint32_t>& counts)
            : to_diagonal(std::move(costs)), potential(to_diagonal), waiting(counts),
              on_diagonal(counts.size(), 0), reach_(counts.size(), unreached),
              through_(counts.size()) {}

        std::size_t size() const { return waiting.size(); }

        std::vector<double> to_diagonal;  // cost of leaving one unit there
        std::vector<double> potential;
        std::vector<std::uint32_t> waiting, on_diagonal;  // units neither shipped nor left; left

    private:
        friend Transport;

        struct Link {
            std::uint32_t other, arc;
            double cost;
        };

        std::vector<std::size_t> begin_;     // where the links of a node begin
        std::vector<Link> links_;
        std::vector<double> reach_;          // distance from the source of the search
        std::vector<std::uint32_t> through_;  // arc by which it was reached
    };

    Transport(Side first, Side second) : sides{std::move(first), std::move(second)} {}

    Side sides[2];

    const std::vector<Arc>& arcs() const { return arcs_; }

    void add(const std::vector<Arc>& arcs) {
        arcs_.insert(arcs_.end(), arcs.begin(), arcs.end());
        for (const std::size_t side : {0, 1}) link(side);
    }

    bool has_arc(std::uint32_t first, std::uint32_t second) const {
        const Side& side = sides[0];
        return std::any_of(side.links_.begin() + std::ptrdiff_t(side.begin_[first]),
                           side.links_.begin() + std::ptrdiff_t(side.begin_[first + 1]),
                           [&](const auto& link) { return link.other == second; });
    }

    /// Take back all that a node of the first side has shipped, and lower its potential.
    void release(std::uint32_t node, double potential) {
        Side &own = sides[0], &other = sides[1];
        own.potential[node] = potential;
        for (std::size_t k = own.begin_[node]; k < own.begin_[node + 1]; ++k) {
            const std::uint32_t flow = std::exchange(arcs_[own.links_[k].arc].flow, 0u);
            own.waiting[node] += flow;
            other.waiting[own.links_[k].other] += flow;
        }
        own.waiting[node] += std::exchange(own.on_diagonal[node], 0u);
    }

    /// Ship or leave all that waits. `tell` is called now and then.
    void ship(const std::function<void()>& tell) {
        std::size_t searches = 0;
        for (const std::size_t side : {0, 1}) {
            for (std::size_t k = 0; k < sides[side].size(); ++k) {
                const std::uint32_t node = scattered(k, sides[side].size());
                while (sides[side].waiting[node] > 0) {
                    if (++searches % 64 == 0) tell();
                    ship(side, node);
                }
            }
        }
    }

    double cost() const {
        double total = 0;
        for (const Arc& arc : arcs_) total += arc.flow * arc.cost;
        for (const Side& side : sides) {
            for (std::size_t node = 0; node < side.size(); ++node) {
                if (side.on_diagonal[node] > 0) {
                    total += side.on_diagonal[node] * side.to_diagonal[node];
                }
            }
        }
        return total;
    }

private:
    static constexpr double unreached = std::numeric_limits<double>::infinity();
    static constexpr std::uint32_t none = 0xffffffff;

    /// Where a path ends: at the diagonal of `from`'s side, or by the arc at a node of the other.
    struct End {
        double reach = unreached;
        std::uint32_t from = none, arc = none;
    };

    void link(std::size_t s) {
        Side& side = sides[s];
        side.begin_.assign(side.size() + 1, 0);
        for (const Arc& arc : arcs_) ++side.begin_[arc.ends[s] + 1];
        for (std::size_t k = 1; k < side.begin_.size(); ++k) side.begin_[k] += side.begin_[k - 1];
        side.links_.resize(arcs_.size());
        std::vector<std::size_t> next = side.begin_;
        for (std::uint32_t k = 0; k < arcs_.size(); ++k) {
            const Arc& arc = arcs_[k];
            side.links_[next[arc.ends[s]]++] = {arc.ends[1 - s], k, arc.cost};
        }
    }

    /// Dijkstra's search over reduced costs from one node to the nearest end, then the shift along
    /// the path. Units that wait at the end, or were left to its diagonal, are taken in.
    void ship(std::size_t s, std::uint32_t source) {
        Side &own = sides[s], &other = sides[1 - s];
        queue_.clear();
        own_reached_.clear();
        other_reached_.clear();
        End end;
        leave(s, source, 0, none, end);
        while (!queue_.empty() && queue_.front().first < end.reach) {
            std::pop_heap(queue_.begin(), queue_.end(), std::greater<>());
            const auto [reach, node] = queue_.back();
            queue_.pop_back();
            if (reach > other.reach_[node]) continue;
            for (std::size_t k = other.begin_[node]; k < other.begin_[node + 1]; ++k) {
                const auto& link = other.links_[k];
                if (arcs_[link.arc].flow > 0 && own.reach_[link.other] == unreached) {
                    leave(s, link.other, reach, link.arc, end);
                }
            }
        }
        shift(s, source, end);
        for (const std::uint32_t node : own_reached_) {
            own.potential[node] += std::max(0.0, end.reach - own.reach_[node]);
            own.reach_[node] = unreached;
        }
        for (const std::uint32_t node : other_reached_) {
            other.potential[node] -= std::max(0.0, end.reach - other.reach_[node]);
            other.reach_[node] = unreached;
        }
    }

    /// The search comes to a node of the source's side and looks at all ways on.
    void leave(std::size_t s, std::uint32_t node, double reach, std::uint32_t through, End& end) {
        Side &own = sides[s], &other = sides[1 - s];
        own.reach_[node] = reach;
        own.through_[node] = through;
        own_reached_.push_back(node);
        const double potential = own.potential[node];
        const double out = reach + std::max(0.0, own.to_diagonal[node] - potential);
        if (out < end.reach) end = {out, node, none};
        for (std::size_t k = own.begin_[node]; k < own.begin_[node + 1]; ++k) {
            const auto& link = own.links_[k];
            // A reduced cost below zero is rounding.
            const double at =
                reach + std::max(0.0, link.cost - potential - other.potential[link.other]);
            if (at >= end.reach || at >= other.reach_[link.other]) continue;
            if (other.waiting[link.other] > 0 || other.on_diagonal[link.other] > 0) {
                end = {at, node, link.arc};
                continue;
            }
            if (other.reach_[link.other] == unreached) other_reached_.push_back(link.other);
            other.reach_[link.other] = at;
            other.through_[link.other] = link.arc;
            queue_.emplace_back(at, link.other);
            std::push_heap(queue_.begin(), queue_.end(), std::greater<>());
        }
    }

    /// Ship along the path as much as all of it can take.
    void shift(std::size_t s, std::uint32_t source, const End& end) {
        Side &own = sides[s], &other = sides[1 - s];
        const auto along_path = [&](const auto& visit) {  // (arc that ships less, arc that ships more)
            for (std::uint32_t node = end.from; node != source;) {
                const std::uint32_t less = own.through_[node];
                const std::uint32_t more = other.through_[arcs_[less].ends[1 - s]];
                node = arcs_[more].ends[s];
                visit(less, more);
            }
        };
        std::uint32_t* taken = nullptr;  // the units that the end has to give
        std::uint32_t amount = own.waiting[source];
        if (end.arc != none) {
            const std::uint32_t node = arcs_[end.arc].ends[1 - s];
            taken = other.waiting[node] > 0 ? &other.waiting[node] : &other.on_diagonal[node];
            amount = std::min(amount, *taken);
        }
        along_path([&](std::uint32_t less, std::uint32_t) {
            amount = std::min(amount, arcs_[less].flow);
        });
        along_path([&](std::uint32_t less, std::uint32_t more) {
            arcs_[less].flow -= amount;
            arcs_[more].flow += amount;
        });
        own.waiting[source] -= amount;
        if (taken) {
            arcs_[end.arc].flow += amount;
            *taken -= amount;
        } else {
            own.on_diagonal[end.from] += amount;
        }
    }

    std::vector<Arc> arcs_;
    std::vector<std::pair<double, std::uint32_t>> queue_;
    std::vector<std::uint32_t> own_reached_, other_reached_;
};

}  // namespace topolens
