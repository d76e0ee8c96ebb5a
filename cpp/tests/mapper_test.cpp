#include "topolens/mapper.hpp"

#include <cmath>
#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include "check.hpp"

namespace {

using namespace topolens;

const auto silent = [](double) {};

struct Case {
    std::vector<float> points;
    std::size_t n, d;
    std::vector<std::int64_t> offsets{0};
    std::vector<std::int32_t> members;

    Sets elements() const { return {offsets, members}; }
    PointTable<float> table() const { return {points.data(), n, d}; }
};

/// Points on a small grid, so that many distances are equal, in overlapping random elements.
Case grid(std::mt19937& random, std::size_t n, std::size_t d) {
    Case made{{}, n, d, {0}, {}};
    for (std::size_t k = 0; k < n * d; ++k) made.points.push_back(float(random() % 4));
    for (int element = 0; element < 5; ++element) {
        for (std::size_t i = 0; i < n; ++i) {
            if (random() % 2) made.members.push_back(std::int32_t(i));
        }
        made.offsets.push_back(std::int64_t(made.members.size()));
    }
    return made;
}

double distance(const Case& made, std::size_t i, std::size_t j) {
    double sum = 0;
    for (std::size_t f = 0; f < made.d; ++f) {
        const double gap = double(made.points[i * made.d + f]) - double(made.points[j * made.d + f]);
        sum += gap * gap;
    }
    return std::sqrt(sum);
}

/// DBSCAN by repeated colouring: slow and obvious.
std::set<std::set<std::int32_t>> reference(const Case& made, std::size_t element,
                                           const ClusterRule& rule) {
    const auto rows = made.elements()[element];
    std::map<std::int32_t, std::int32_t> colour;  // of core points
    for (const auto i : rows) {
        std::size_t near = 0;
        for (const auto j : rows) near += distance(made, std::size_t(i), std::size_t(j)) <= rule.eps;
        if (near >= rule.min_samples) colour[i] = i;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (auto& [i, mine] : colour)
            for (auto& [j, theirs] : colour)
                if (theirs < mine && distance(made, std::size_t(i), std::size_t(j)) <= rule.eps) {
                    mine = theirs;
                    changed = true;
                }
    }
    std::map<std::int32_t, std::set<std::int32_t>> clusters;
    for (const auto& [i, mine] : colour) clusters[mine].insert(i);
    for (const auto i : rows) {
        if (colour.count(i)) continue;
        double reach = rule.eps;
        std::int32_t nearest = -1;
        for (const auto& [j, mine] : colour) {
            const double gap = distance(made, std::size_t(i), std::size_t(j));
            if (gap < reach || (gap == reach && nearest < 0)) {
                reach = gap;
                nearest = j;
            }
        }
        if (nearest >= 0) clusters[colour[nearest]].insert(i);
    }
    std::set<std::set<std::int32_t>> found;
    for (const auto& [mine, members] : clusters) found.insert(members);
    return found;
}

void elements_agree_with_the_reference_on_every_path() {
    std::mt19937 random(2);
    for (std::size_t n : {2, 9, 47, 48, 49, 130, 260}) {
        const Case made = grid(random, n, 2 + random() % 4);
        const ClusterRule rule{ClusterRule::Kind::dbscan, std::sqrt(double(1 + random() % 3)),
                               1 + random() % 6, 1, 1};
        for (const char* width : {"plain", "avx2", "avx512"}) {
            const KernelTable* kernels = find_kernels(width);
            if (!kernels) continue;
            const Means<decltype(silent)> means{*kernels, 3, std::size_t(-1), silent};
            const auto at_once = clusters_at_once(made.table(), made.elements(), rule, means);
            const auto graph = eps_graph(made.table(), rule.eps * 1.3, {}, means);
            const auto kept = clusters_from_graph(graph, made.table(), made.elements(), rule,
                                                  *kernels, 2);
            CHECK(at_once == kept);
            for (std::size_t e = 0; e < at_once.size(); ++e) {
                std::set<std::set<std::int32_t>> sets;
                for (const auto& cluster : at_once[e]) sets.insert({cluster.begin(), cluster.end()});
                CHECK(sets == reference(made, e, rule));
            }
        }
    }
}

/// As silent units leave them; both zeros are equal.
void equal_points_count_each_and_are_measured_once() {
    std::mt19937 random(6);
    Case made = grid(random, 400, 3);
    for (std::size_t i = 0; i < made.n; i += 2) {
        for (std::size_t f = 0; f < 3; ++f) made.points[i * 3 + f] = i % 4 ? 0.0f : -0.0f;
    }
    const Means<decltype(silent)> means{kernels_for_this_machine(), 2, std::size_t(-1), silent};
    CHECK(eps_graph(made.table(), 9.0, {}, means).n_pairs <= 64 * 63 / 2);
    for (const std::size_t min_samples : {1, 5, 90, 120}) {
        const ClusterRule rule{ClusterRule::Kind::dbscan, 1.0, min_samples, 1, 1};
        const auto found = clusters_at_once(made.table(), made.elements(), rule, means);
        for (std::size_t e = 0; e < found.size(); ++e) {
            std::set<std::set<std::int32_t>> sets;
            for (const auto& cluster : found[e]) sets.insert({cluster.begin(), cluster.end()});
            CHECK(sets == reference(made, e, rule));
        }
    }
}

void a_window_keeps_what_lies_within_it() {
    std::mt19937 random(3);
    const Case made = grid(random, 300, 3);
    std::vector<double> lens;
    for (std::size_t i = 0; i < made.n; ++i) lens.push_back(double(random() % 100));
    const std::vector<double> window{25.0};
    const Means<decltype(silent)> means{kernels_for_this_machine(), 2, std::size_t(-1), silent};
    const auto graph = eps_graph(made.table(), 2.0, {lens, window}, means);
    const auto is_first = [&](std::size_t i) {
        for (std::size_t j = 0; j < i; ++j)
            if (distance(made, i, j) == 0 && lens[i] == lens[j]) return false;
        return true;
    };
    std::size_t expected = 0;
    for (std::size_t i = 0; i < made.n; ++i)
        for (std::size_t j = i + 1; j < made.n; ++j)
            expected += is_first(i) && is_first(j) && distance(made, i, j) <= 2.0 &&
                        std::abs(lens[i] - lens[j]) <= 25.0;
    CHECK(graph.n_pairs == expected);
}

/// Panels of different clusters are left out by their pivots, but none that holds a near pair.
void clusters_apart_lose_no_pair() {
    std::mt19937 random(5);
    std::normal_distribution<float> normal;
    Case made{{}, 1200, 3, {0}, {}};
    for (std::size_t i = 0; i < made.n; ++i) {
        for (std::size_t f = 0; f < made.d; ++f) {
            made.points.push_back(4 * float(i * (f + 3) % 11 % 4) + normal(random) / 2);
        }
    }
    for (const double eps : {0.5, 2.0, 4.0}) {
        std::size_t expected = 0;
        for (std::size_t i = 0; i < made.n; ++i)
            for (std::size_t j = i + 1; j < made.n; ++j) expected += distance(made, i, j) <= eps;
        const Means<decltype(silent)> means{kernels_for_this_machine(), 2, std::size_t(-1), silent};
        CHECK(eps_graph(made.table(), eps, {}, means).n_pairs == expected);
    }
}

void single_linkage_cuts_at_the_first_gap() {
    // Steps of 1 within, 4 between: heights fill bins 1 and 4 of 10 over [0, 10].
    const Case made{{0, 1, 2, 6, 7, 11}, 6, 1, {0, 6}, {0, 1, 2, 3, 4, 5}};
    ClusterRule rule{ClusterRule::Kind::single_linkage, 10.0, 1, 10, 2};
    const Means<decltype(silent)> means{kernels_for_this_machine(), 1, std::size_t(-1), silent};
    const auto found = clusters_at_once(made.table(), made.elements(), rule, means);
    CHECK((found[0] == Clusters{{0, 1, 2}, {3, 4}}));
    rule.n_bins = 1;  // no empty bin: all that eps joins
    CHECK((clusters_at_once(made.table(), made.elements(), rule, means)[0] ==
           Clusters{{0, 1, 2, 3, 4, 5}}));
}

void too_many_pairs_are_refused() {
    Case made{std::vector<float>(1000), 1000, 1, {0}, {}};
    for (std::size_t i = 0; i < made.n; ++i) made.points[i] = float(i) / 1000;
    const Means<decltype(silent)> means{kernels_for_this_machine(), 2, 1 << 20, silent};
    bool refused = false;
    try {
        eps_graph(made.table(), 1.0, {}, means);
    } catch (const std::bad_alloc&) {
        refused = true;
    }
    CHECK(refused);
}

void progress_can_stop_the_work() {
    std::mt19937 random(4);
    const Case made = grid(random, 900, 8);
    std::size_t calls = 0;
    auto tell = [&calls](double share) {
        CHECK(share >= 0 && share <= 1);
        if (++calls == 2) throw std::runtime_error("stop");
    };
    const Means<decltype(tell)> means{kernels_for_this_machine(), 1, std::size_t(-1), tell};
    const ClusterRule rule{ClusterRule::Kind::dbscan, 1.0, 3, 1, 1};
    bool stopped = false;
    try {
        clusters_at_once(made.table(), made.elements(), rule, means);
    } catch (const std::runtime_error&) {
        stopped = true;
    }
    CHECK(stopped && calls == 2);
}

void comparing_squares_is_comparing_distances() {
    for (const double eps : {1.0, std::sqrt(2.0), std::sqrt(3.0), 0.1, 1e-170, 1e200}) {
        const double square = largest_square(eps);
        CHECK(std::sqrt(square) <= eps);
        const double next = std::nextafter(square, std::numeric_limits<double>::infinity());
        CHECK(std::sqrt(next) > eps);
    }
    CHECK(largest_square(std::sqrt(3.0)) >= 3.0);
}

void the_nerve_counts_common_points() {
    const std::vector<std::int64_t> offsets{0, 3, 5, 5, 8};
    const std::vector<std::int32_t> members{0, 1, 2, 2, 3, 1, 2, 4};
    const auto found = nerve({offsets, members}, 5);
    CHECK(found.size() == 3);
    CHECK(found[0].first == 0 && found[0].second == 1 && found[0].shared == 1);
    CHECK(found[1].first == 0 && found[1].second == 3 && found[1].shared == 2);
    CHECK(found[2].first == 1 && found[2].second == 3 && found[2].shared == 1);
}

}  // namespace

int main() {
    elements_agree_with_the_reference_on_every_path();
    equal_points_count_each_and_are_measured_once();
    a_window_keeps_what_lies_within_it();
    clusters_apart_lose_no_pair();
    single_linkage_cuts_at_the_first_gap();
    too_many_pairs_are_refused();
    progress_can_stop_the_work();
    comparing_squares_is_comparing_distances();
    the_nerve_counts_common_points();
}
