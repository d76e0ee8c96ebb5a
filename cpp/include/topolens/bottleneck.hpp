#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

#include "topolens/bar_tree.hpp"
#include "topolens/equal_births.hpp"

namespace topolens {

/// The smallest radius at which all bars can be placed: each goes to a bar of the other diagram no
/// farther than that, or to the diagonal.
///
/// The radius begins where no bar alone refutes it and grows only when it must. All bars farther
/// than that from the diagonal and without a place search together along alternating paths, each
/// bar of the other side being seen once (as in a phase of Hopcroft and Karp 1973); a path ends at
/// a bar that is free, or where a bar can go to the diagonal instead. If no path ends, the bars
/// reached have too few places within the radius (Hall), and the shortest step that leads on is the
/// next radius. Bars of the first diagram are placed, then those of the second, along whose paths
/// the first keep a place.
class Bottleneck {
public:
    Bottleneck(const BarTree& first, const BarTree& second, Ground ground)
        : ground_(ground), sides_{Side(first, ground), Side(second, ground)} {}

    double radius() {
        double high = 0;
        for (const std::size_t side : {0, 1}) {
            for (std::uint32_t bar = 0; bar < sides_[side].size(); ++bar) {
                radius_ = std::max(radius_, next_step(side, bar, true).length);
                high = std::max(high, sides_[side].to_diagonal[bar]);
            }
        }
        // Halving comes near to the answer, which steps from one candidate to the next then hit.
        for (int halving = 0; halving < halvings && !place_all(false); ++halving) {
            Bottleneck trial = *this;
            trial.radius_ = radius_ + (high - radius_) / 2;
            if (trial.place_all(false)) {
                high = trial.radius_;
            } else {
                *this = std::move(trial);
            }
        }
        place_all(true);
        return radius_;
    }

private:
    static constexpr int halvings = 12;
    static constexpr std::uint32_t none = 0xffffffff;

    struct Share {
        std::uint32_t bar, amount;
    };

    struct Side {
        Side(const BarTree& bars, Ground ground)
            : tree(bars), free(bars.counts()), mates(bars.bars().size()),
              before(bars.bars().size()) {
            for (const Interval bar : bars.bars()) {
                to_diagonal.push_back(length_to_diagonal(ground, bar));
            }
        }

        std::size_t size() const { return free.size(); }

        BarTree tree;                       // without the bars that the search has seen
        std::vector<double> to_diagonal;
        std::vector<std::uint32_t> free;    // how many of each bar have no bar of the other side
        std::vector<std::vector<Share>> mates;  // of the side that is searched
        std::vector<std::uint32_t> before;  // on the path by which the search reached it
        std::vector<std::uint32_t> root;    // where that path begins, none if it is not reached
    };

    enum class Outcome { all_placed, some_placed, stuck };

    /// Begin or go on to place all bars, with a radius that may grow or not. False if it must.
    bool place_all(bool may_grow) {
        while (stage_ < 2) {
            const Outcome outcome = search(stage_, may_grow);
            if (outcome == Outcome::stuck) return false;
            if (outcome == Outcome::all_placed && ++stage_ == 1) transpose();
        }
        return true;
    }

    /// A shortest way on from a bar, or any within the radius: to one of the other side that is not
    /// seen yet, or to the diagonal. Ways longer than the radius are looked for only where it may
    /// grow.
    struct Step {
        double length;
        std::uint32_t from, to;

        bool operator>(const Step& other) const { return length > other.length; }
    };

    Step next_step(std::size_t side, std::uint32_t bar, bool may_grow) const {
        Step step{sides_[side].to_diagonal[bar], bar, none};
        if (step.length <= radius_) return step;
        if (!may_grow) step.length = std::nextafter(radius_, step.length);
        const auto length = [&](double x, double y) { return ground_length(ground_, x, y); };
        sides_[1 - side].tree.below(sides_[side].tree.bars()[bar], length, step.length,
                                    [&](std::uint32_t to, double value) {
                                        step = {value, bar, to};
                                        return value <= radius_ ? BarTree::removed : value;
                                    });
        return step;
    }

    /// Find places for bars that have none; the radius grows, where it may, until one is found.
    Outcome search(std::size_t side, bool may_grow) {
        Side &own = sides_[side], &other = sides_[1 - side];
        own.root.assign(own.size(), none);
        other.before.assign(other.size(), none);
        // In the order in which they are reached, so that paths are short and leave room for others.
        std::vector<std::uint32_t> reached;
        for (std::uint32_t bar = 0; bar < own.size(); ++bar) {
            if (own.free[bar] > 0 && own.to_diagonal[bar] > radius_) {
                own.root[bar] = bar;
                reached.push_back(bar);
            }
        }
        if (reached.empty()) return Outcome::all_placed;
        std::priority_queue<Step, std::vector<Step>, std::greater<>> beyond;
        std::vector<char> is_placed(own.size(), false);
        std::vector<std::uint32_t> seen;
        bool any_placed = false;
        for (std::size_t k = 0; k < reached.size(); ++k) {
            const std::uint32_t bar = reached[k], root = own.root[bar];
            while (!is_placed[root]) {
                const bool grows = may_grow && !any_placed;
                const Step step = next_step(side, bar, grows);
                if (step.length > radius_) {
                    if (grows) beyond.push(step);
                    break;
                }
                if (step.to == none || other.free[step.to] > 0) {
                    shift(side, root, bar, step.to);
                    is_placed[root] = any_placed = true;
                    break;
                }
                other.before[step.to] = bar;
                other.tree.remove(step.to);
                seen.push_back(step.to);
                for (const Share& mate : other.mates[step.to]) {
                    if (own.root[mate.bar] != none) continue;
                    own.root[mate.bar] = root;
                    own.before[mate.bar] = step.to;
                    reached.push_back(mate.bar);
                }
            }
            if (k + 1 == reached.size() && may_grow && !any_placed) {
                // Its way may be gone by now; the next one is no shorter.
                radius_ = beyond.top().length;
                reached.push_back(beyond.top().from);
                beyond.pop();
            }
        }
        for (const std::uint32_t bar : seen) other.tree.set_weight(bar, 0);
        return any_placed ? Outcome::some_placed : Outcome::stuck;
    }

    /// Every bar of the path takes the place of the next one; the last, `from`, goes to the free
    /// bar `to` or to the diagonal.
    void shift(std::size_t side, std::uint32_t source, std::uint32_t from, std::uint32_t to) {
        Side &own = sides_[side], &other = sides_[1 - side];
        std::uint32_t amount = own.free[source];
        if (to != none) amount = std::min(amount, other.free[to]);
        for (std::uint32_t bar = from; bar != source; bar = other.before[own.before[bar]]) {
            amount = std::min(amount, share(other.mates[own.before[bar]], bar)->amount);
        }
        own.free[source] -= amount;
        if (to == none) {
            own.free[from] += amount;
        } else {
            other.free[to] -= amount;
            give(other.mates[to], from, amount);
        }
        for (std::uint32_t bar = from; bar != source;) {
            std::vector<Share>& mates = other.mates[own.before[bar]];
            const auto left = share(mates, bar);
            left->amount -= amount;
            if (left->amount == 0) mates.erase(left);
            bar = other.before[own.before[bar]];
            give(mates, bar, amount);
        }
    }

    static std::vector<Share>::iterator share(std::vector<Share>& mates, std::uint32_t bar) {
        return std::find_if(mates.begin(), mates.end(),
                            [&](const Share& mate) { return mate.bar == bar; });
    }

    static void give(std::vector<Share>& mates, std::uint32_t bar, std::uint32_t amount) {
        const auto found = share(mates, bar);
        if (found == mates.end()) {
            mates.push_back({bar, amount});
        } else {
            found->amount += amount;
        }
    }

    /// The mates of the second side become those of the first.
    void transpose() {
        for (std::uint32_t bar = 0; bar < sides_[1].size(); ++bar) {
            for (const Share& mate : sides_[1].mates[bar]) {
                sides_[0].mates[mate.bar].push_back({bar, mate.amount});
            }
        }
    }

    Ground ground_;
    double radius_ = 0;
    std::size_t stage_ = 0;  // the side whose bars are being placed
    Side sides_[2];
};

inline double bottleneck(const BarTree& first, const BarTree& second, Ground ground) {
    if (EqualBirths::hold(first, second)) return EqualBirths(first, second, ground).bottleneck();
    return Bottleneck(first, second, ground).radius();
}

}  // namespace topolens
