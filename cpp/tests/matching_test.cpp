#include <algorithm>
#include <random>

#include "check.hpp"
#include "topolens/bottleneck.hpp"
#include "topolens/wasserstein.hpp"

namespace {

using topolens::BarTree;
using topolens::Ground;
using topolens::Interval;
using topolens::tests::near;

using Bars = std::vector<Interval>;

BarTree tree(const Bars& bars) {
    std::vector<double> pairs;
    for (const Interval bar : bars) pairs.insert(pairs.end(), {bar.birth, bar.death});
    return BarTree(pairs.data(), bars.size());
}

/// Try every matching: bar k of the first goes to the diagonal or to any bar left of the second.
template <typename Combine>
double best(const Bars& first, Bars second, std::size_t k, double so_far, const Combine& combine) {
    if (k == first.size()) {
        for (const Interval bar : second) {
            so_far = combine(so_far, topolens::length_to_diagonal(Ground::chebyshev, bar));
        }
        return so_far;
    }
    double least = best(first, second, k + 1,
                        combine(so_far, topolens::length_to_diagonal(Ground::chebyshev, first[k])),
                        combine);
    for (std::size_t other = 0; other < second.size(); ++other) {
        Bars left = second;
        left.erase(left.begin() + std::ptrdiff_t(other));
        const double length = topolens::ground_length(Ground::chebyshev,
                                                      first[k].birth - second[other].birth,
                                                      first[k].death - second[other].death);
        least = std::min(least, best(first, left, k + 1, combine(so_far, length), combine));
    }
    return least;
}

Bars random_bars(std::mt19937& random, std::size_t count, bool ties) {
    Bars bars;
    for (std::size_t k = 0; k < count; ++k) {
        const auto next = [&] { return ties ? double(random() % 4) : double(random()) / 4e9; };
        const double birth = next();
        bars.push_back({birth, birth + next()});
    }
    return bars;
}

void born_at_once(Bars& bars) {
    for (Interval& bar : bars) bar = {-2.5, -2.5 + bar.death - bar.birth};
}

void small_diagrams_agree_with_every_matching() {
    std::mt19937 random(1);
    for (int round = 0; round < 400; ++round) {
        Bars first = random_bars(random, random() % 6, round % 2 == 0);
        Bars second = random_bars(random, random() % 6, round % 2 == 0);
        if (round % 4 < 2) born_at_once(first), born_at_once(second);
        const double sum = best(first, second, 0, 0, [](double a, double b) { return a + b; });
        const double most =
            best(first, second, 0, 0, [](double a, double b) { return std::max(a, b); });
        CHECK(topolens::bottleneck(tree(first), tree(second), Ground::chebyshev) == most);
        const auto found =
            topolens::wasserstein(tree(first), tree(second), Ground::chebyshev, 1, 0, [] {});
        CHECK(near(found.high, sum));
        CHECK(near(found.low, sum));
    }
}

/// Bars born at once have a way of their own; the general one knows nothing of it.
void both_ways_agree_on_bars_born_at_once() {
    std::mt19937 random(4);
    for (int round = 0; round < 12; ++round) {
        Bars first = random_bars(random, 150, round % 2 == 0);
        Bars second = random_bars(random, 40 * (round % 5), round % 3 == 0);
        for (Interval& bar : second) bar.death += round % 4;
        born_at_once(first), born_at_once(second);
        const BarTree a = tree(first), b = tree(second);
        for (const Ground ground : {Ground::manhattan, Ground::euclidean, Ground::chebyshev}) {
            CHECK(topolens::bottleneck(a, b, ground) ==
                  topolens::Bottleneck(a, b, ground).radius());
            for (const double order : {1.0, 2.0, 3.5}) {
                const auto direct = topolens::wasserstein(a, b, ground, order, 0, [] {});
                const auto general = topolens::Wasserstein(a, b, ground, order).solve(0, [] {});
                CHECK(near(direct.high, general.high));
            }
        }
    }
}

void the_order_of_bars_changes_nothing() {
    std::mt19937 random(2);
    Bars first = random_bars(random, 200, false);
    const Bars second = random_bars(random, 150, true);
    const auto distance = [&] {
        return topolens::Wasserstein(tree(first), tree(second), Ground::euclidean, 2)
            .solve(0, [] {})
            .high;
    };
    const double before = distance();
    std::shuffle(first.begin(), first.end(), random);
    CHECK(distance() == before);
}

void the_tree_finds_what_a_scan_finds() {
    std::mt19937 random(3);
    for (const bool ties : {false, true}) {
        BarTree bars = tree(random_bars(random, 300, ties));
        std::vector<double> weights(bars.bars().size());
        for (double& weight : weights) weight = double(random()) / 4e9;
        bars.set_weights(weights);
        bars.remove(0);
        weights[0] = BarTree::removed;
        const auto length = [](double x, double y) {
            return topolens::ground_length(Ground::euclidean, x, y);
        };
        for (const Interval from : random_bars(random, 50, ties)) {
            double scanned = 1e9, found = 1e9;
            for (std::size_t k = 0; k < weights.size(); ++k) {
                const Interval bar = bars.bars()[k];
                scanned = std::min(scanned, length(from.birth - bar.birth, from.death - bar.death) -
                                                weights[k]);
            }
            bars.below(from, length, 1e9,
                       [&](std::uint32_t, double value) { return found = value; });
            CHECK(found == scanned);
        }
    }
}

}  // namespace

int main() {
    small_diagrams_agree_with_every_matching();
    both_ways_agree_on_bars_born_at_once();
    the_order_of_bars_changes_nothing();
    the_tree_finds_what_a_scan_finds();
}
