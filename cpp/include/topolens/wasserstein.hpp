#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "topolens/bar_tree.hpp"
#include "topolens/bottleneck.hpp"
#include "topolens/equal_births.hpp"
#include "topolens/step_cost.hpp"
#include "topolens/transport.hpp"

namespace topolens {

/// A distance and what it cannot be below, both computed.
struct Bracket {
    double low, high;
};

/// The p-Wasserstein distance of two diagrams: a cheapest matching, where bars may go to the
/// diagonal, found on few of the pairs of bars and proved on all.
///
/// The transport problem begins with pairs that are near (`seed`). Its potentials bound the cost of
/// every matching from below once those of the first diagram are lowered until no pair costs less
/// than its two potentials. Where that is necessary the pairs that ask for it join the problem and
/// it is solved on from there; otherwise the matching is the cheapest of all.
///
/// Lengths are counted in bottleneck distances: then the total cost lies between 1 and the number
/// of bars, whatever the order, and costs above that number, which nothing cheapest uses, are cut.
class Wasserstein {
public:
    Wasserstein(const BarTree& first, const BarTree& second, Ground ground, double order)
        : trees_{first, second}, cost_(step_cost(first, second, ground, order)),
          plan_(side(first), side(second)) {}

    static StepCost step_cost(const BarTree& first, const BarTree& second, Ground ground,
                              double order) {
        return {ground, order, bottleneck(first, second, ground),
                1 + 2.0 * double(first.total() + second.total())};
    }

    Bracket solve(double relative_error, const std::function<void()>& tell) {
        if (cost_.unit == 0) return {0, 0};
        for (const Transport::Side& side : plan_.sides) {
            for (const double cost : side.to_diagonal) slack_ = std::max(slack_, 4 * epsilon * cost);
        }
        seed();
        while (true) {
            plan_.ship(tell);
            const double high = plan_.cost();
            const double low = price();
            const Bracket found{cost_.length(std::min(low, high)), cost_.length(high)};
            if (found.high <= (1 + relative_error) * found.low || fresh_.empty()) return found;
            plan_.add(std::exchange(fresh_, {}));
        }
    }

private:
    // Pairs for each bar: its nearest ones; near ones that few others have, so that bars in a
    // crowd do not all know the same few; those that join when the potentials ask for it.
    static constexpr std::size_t nearest = 6, spread = 4, joining = 6;

    Transport::Side side(const BarTree& bars) const {
        std::vector<double> costs;
        for (const Interval bar : bars.bars()) {
            costs.push_back(cost_.power(length_to_diagonal(cost_.ground, bar) / cost_.unit));
        }
        return {std::move(costs), bars.counts()};
    }

    void seed() {
        std::vector<Transport::Arc> arcs;
        for (const std::size_t side : {0, 1}) {
            for (std::uint32_t bar = 0; bar < trees_[side].bars().size(); ++bar) {
                for (const auto& [cost, other] : few(side, bar, trees_[1 - side], nearest, infinite)) {
                    add_useful(arcs, side, bar, other, cost);
                }
            }
            for (std::size_t turn = 0; turn < spread; ++turn) add_spread(arcs, side, turn);
        }
        const auto ends = [](const Transport::Arc& arc) {
            return std::pair(arc.ends[0], arc.ends[1]);
        };
        std::sort(arcs.begin(), arcs.end(),
                  [&](const auto& a, const auto& b) { return ends(a) < ends(b); });
        const auto last = std::unique(arcs.begin(), arcs.end(), [&](const auto& a, const auto& b) {
            return ends(a) == ends(b);
        });
        arcs.erase(last, arcs.end());
        for (const Transport::Arc& arc : arcs) {
            double& potential = plan_.sides[0].potential[arc.ends[0]];
            potential = std::min(potential, arc.cost - plan_.sides[1].potential[arc.ends[1]]);
        }
        plan_.add(arcs);
    }

    /// Each bar, in a scattered order, takes the nearest of the others that none has taken.
    void add_spread(std::vector<Transport::Arc>& arcs, std::size_t side, std::size_t turn) {
        BarTree untaken = trees_[1 - side];
        const std::size_t n = trees_[side].bars().size();
        for (std::size_t k = 0; k < n; ++k) {
            const std::uint32_t bar = scattered(k + turn, n);
            for (const auto& [cost, other] : few(side, bar, untaken, 1, infinite)) {
                if (add_useful(arcs, side, bar, other, cost)) untaken.remove(other);
            }
        }
    }

    /// A pair that costs more than its two ways to the diagonal is in no cheapest matching.
    bool add_useful(std::vector<Transport::Arc>& arcs, std::size_t side, std::uint32_t bar,
                    std::uint32_t other, double cost) const {
        const bool useful = cost < plan_.sides[side].to_diagonal[bar] +
                                       plan_.sides[1 - side].to_diagonal[other];
        if (!useful) return false;
        Transport::Arc arc{{bar, other}, 0, cost};
        if (side == 1) std::swap(arc.ends[0], arc.ends[1]);
        arcs.push_back(arc);
        return true;
    }

    using Candidates = std::vector<std::pair<double, std::uint32_t>>;

    /// The bars of least cost less weight, at most `most` of them, below a bound.
    Candidates few(std::size_t side, std::uint32_t bar, const BarTree& others, std::size_t most,
                   double bound) const {
        Candidates found;
        others.below(trees_[side].bars()[bar], cost_, bound, [&](std::uint32_t other, double value) {
            found.emplace_back(value, other);
            std::push_heap(found.begin(), found.end());
            if (found.size() > most) {
                std::pop_heap(found.begin(), found.end());
                found.pop_back();
            }
            return found.size() < most ? bound : found.front().first;
        });
        return found;
    }

    /// Look at all pairs: the bound from below, and in `fresh_` the pairs that are missed.
    double price() {
        Transport::Side &first = plan_.sides[0], &second = plan_.sides[1];
        trees_[1].set_weights(second.potential);
        BarTree open = trees_[1];
        std::vector<std::size_t> joined(second.size(), 0);
        double low = 0;
        for (std::uint32_t bar = 0; bar < second.size(); ++bar) {
            low += trees_[1].counts()[bar] * second.potential[bar];
        }
        for (std::size_t k = 0; k < first.size(); ++k) {
            const std::uint32_t bar = scattered(k, first.size());
            double potential = first.potential[bar];
            const auto least = few(0, bar, trees_[1], 1, potential);
            if (!least.empty()) potential = least.front().first;
            low += trees_[0].counts()[bar] * potential;
            if (potential >= first.potential[bar] - slack_) continue;
            Candidates missed = few(0, bar, open, joining, first.potential[bar] - slack_);
            for (const auto& candidate : missed) {
                if (++joined[candidate.second] == joining) open.remove(candidate.second);
            }
            const bool is_there =
                std::find(missed.begin(), missed.end(), least.front()) != missed.end();
            if (!is_there) missed.push_back(least.front());
            if (join(bar, missed)) plan_.release(bar, potential);
        }
        return low;
    }

    /// True if any of these pairs is new to the problem; rounding can ask for one that is not.
    bool join(std::uint32_t bar, const Candidates& missed) {
        const std::size_t before = fresh_.size();
        for (const auto& candidate : missed) {
            const std::uint32_t other = candidate.second;
            if (plan_.has_arc(bar, other)) continue;
            const Interval from = trees_[0].bars()[bar], to = trees_[1].bars()[other];
            fresh_.push_back({{bar, other}, 0, cost_(from.birth - to.birth, from.death - to.death)});
        }
        return fresh_.size() > before;
    }

    static constexpr double epsilon = std::numeric_limits<double>::epsilon();
    static constexpr double infinite = std::numeric_limits<double>::infinity();

    BarTree trees_[2];
    StepCost cost_;
    Transport plan_;
    double slack_ = 0;  // by which rounding may break the bound of a pair
    std::vector<Transport::Arc> fresh_;
};

/// The p-Wasserstein distance by the way that suits the bars.
inline Bracket wasserstein(const BarTree& first, const BarTree& second, Ground ground, double order,
                           double relative_error, const std::function<void()>& tell) {
    if (!EqualBirths::hold(first, second)) {
        return Wasserstein(first, second, ground, order).solve(relative_error, tell);
    }
    const StepCost cost = Wasserstein::step_cost(first, second, ground, order);
    if (cost.unit == 0) return {0, 0};
    const double length = cost.length(EqualBirths(first, second, ground).total(cost, tell));
    return {length, length};
}

}  // namespace topolens
