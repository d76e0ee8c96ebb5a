#include "topolens/rips.hpp"

#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "check.hpp"
#include "random_matrices.hpp"
#include "slow_rips.hpp"
#include "topolens/distances.hpp"
#include "topolens/prim.hpp"

namespace {

using namespace topolens;
using topolens::tests::Pairs;
using topolens::tests::random_matrix;

template <typename Real>
std::vector<Pairs> engine(const std::vector<Real>& d, std::size_t n,
                          const RipsOptions<Real>& options) {
    std::vector<Pairs> found;
    for (const auto& bars : Rips<Real>({d.data(), n}, options).bars()) {
        found.emplace_back();
        for (const auto& bar : bars) found.back().emplace_back(bar.birth, bar.death);
        std::sort(found.back().begin(), found.back().end());
    }
    return found;
}

const KernelTable* const tables[] = {find_kernels("plain"), find_kernels("avx2"),
                                     find_kernels("avx512")};

/// `count` small matrices against the definition, the vector widths in turn.
template <typename Real>
void small_matrices_equal_the_definition(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (std::size_t k = 0; k < count; ++k) {
        const std::size_t n = 1 + random() % 8;
        const auto d = random_matrix<Real>(random, n);
        RipsOptions<Real> options;
        options.max_dim = random() % 3;
        if (random() % 3 == 0) options.threshold = d[random() % d.size()];
        if (random() % 3 == 0) options.slab_bytes = 2 * sizeof(Edge<Real>);
        if (random() % 3 == 0) options.patience = random() % 2;
        if (const KernelTable* table = tables[k % 3]) options.kernels = table;
        CHECK(engine(d, n, options) ==
              topolens::tests::slow_rips(d, n, options.max_dim, options.threshold));
    }
}

/// More than one block of bits, thin slabs, every table, several threads: always the same bars.
template <typename Real>
void nothing_but_the_matrix_matters(std::size_t n, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int k = 0; k < 7; ++k) {
        const auto d = random_matrix<Real>(random, n);
        RipsOptions<Real> options;
        options.max_dim = n > 150 ? 1 : 2;
        const auto expected = engine(d, n, options);
        for (const KernelTable* table : tables) {
            if (!table) continue;
            options.kernels = table;
            CHECK(engine(d, n, options) == expected);
        }
        options.threads = 3;
        options.slab_bytes = 4096;
        CHECK(engine(d, n, options) == expected);
        for (const std::size_t patience : {0, 1}) {
            options.patience = patience;
            CHECK(engine(d, n, options) == expected);
        }

        std::vector<std::size_t> order(n);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::shuffle(order.begin(), order.end(), random);
        std::vector<Real> shuffled(n * n);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) shuffled[i * n + j] = d[order[i] * n + order[j]];
        }
        CHECK(engine(shuffled, n, options) == expected);
    }
}

void components_equal_those_of_prim() {
    std::mt19937_64 random(3);
    for (std::size_t n : {2u, 17u, 100u, 300u}) {
        const auto d = random_matrix<float>(random, n);
        RipsOptions<float> options;
        options.max_dim = 0;
        Pairs from_tree;
        std::vector<float> first;
        for (const KernelTable* table : tables) {
            if (!table) continue;
            const auto lengths = spanning_lengths<float>({d.data(), n}, nullptr, n, *table);
            if (first.empty()) first = lengths;
            CHECK(lengths == first);
        }
        for (const float x : first) {
            if (x > 0) from_tree.emplace_back(0, x);
        }
        auto bars = engine(d, n, options)[0];
        std::erase_if(bars, [](auto& bar) { return std::isinf(bar.second); });
        CHECK(bars == from_tree);
    }
}

template <typename Real>
void distances_do_not_depend_on_width_threads_or_place() {
    std::mt19937_64 random(4);
    const std::size_t n = 37, d = 2100;
    std::vector<Real> points(n * d);
    for (Real& x : points) x = Real(random() % 10007) / 97;
    std::copy_n(points.begin(), d, points.begin() + 20 * d);
    for (const Metric metric : {Metric::euclidean, Metric::manhattan, Metric::chebyshev,
                                Metric::cosine, Metric::correlation}) {
        std::vector<Real> expected(n * n);
        PairwiseDistances<Real>(points.data(), n, d, metric, *tables[0]).into(expected.data(), 1);
        CHECK(expected[20] == 0);
        for (const KernelTable* table : tables) {
            if (!table) continue;
            std::vector<Real> found(n * n);
            PairwiseDistances<Real>(points.data(), n, d, metric, *table).into(found.data(), 3);
            CHECK(found == expected);
            PairwiseDistances<Real>(points.data() + d, n - 1, d, metric, *table)
                .into(found.data(), 1);
            CHECK(found[1] == expected[n + 2]);
        }
    }
}

/// Walks pass no edge longer than the birth and reach it.
void cycles_are_born_with_their_bars() {
    std::mt19937_64 random(6);
    for (std::size_t n = 3; n < 60; ++n) {
        const auto d = random_matrix<float>(random, n);
        RipsOptions<float> options;
        if (n % 3 == 0) options.threshold = d[random() % d.size()];
        Rips<float> rips({d.data(), n}, options);
        const auto bars = rips.bars()[1];
        std::vector<std::size_t> generators;
        for (const auto& bar : bars) generators.push_back(bar.generator);
        const auto cycles = rips.cycles(generators);
        for (std::size_t k = 0; k < bars.size(); ++k) {
            float longest = 0;
            for (const auto& walk : cycles[k].walks) {
                CHECK(walk.size() >= 3);
                for (std::size_t v = 0; v < walk.size(); ++v) {
                    longest = std::max(longest, d[walk[v] * n + walk[(v + 1) % walk.size()]]);
                }
            }
            CHECK(longest == bars[k].birth);
        }
    }
}

void a_progress_that_throws_stops_the_work() {
    std::mt19937_64 random(5);
    const auto d = random_matrix<float>(random, 40);
    RipsOptions<float> options;
    options.progress = [](double) { throw std::runtime_error("stop"); };
    bool stopped = false;
    try {
        Rips<float>({d.data(), 40}, options).bars();
    } catch (const std::runtime_error&) {
        stopped = true;
    }
    CHECK(stopped);
}

}  // namespace

/// With a number, that many small matrices of each precision and nothing else: the fuzz run.
int main(int n_arguments, char** arguments) {
    if (n_arguments > 1) {
        const std::size_t count = std::strtoull(arguments[1], nullptr, 10);
        const std::uint64_t seed = n_arguments > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1;
        small_matrices_equal_the_definition<float>(count, seed);
        small_matrices_equal_the_definition<double>(count, seed + 1);
        std::printf("%zu matrices equal the definition\n", 2 * count);
        return 0;
    }
    small_matrices_equal_the_definition<float>(1500, 1);
    small_matrices_equal_the_definition<double>(1500, 2);
    for (const std::size_t n : {20u, 63u, 64u, 65u, 130u}) nothing_but_the_matrix_matters<float>(n, n);
    nothing_but_the_matrix_matters<float>(540, 6);
    nothing_but_the_matrix_matters<double>(100, 7);
    components_equal_those_of_prim();
    distances_do_not_depend_on_width_threads_or_place<float>();
    distances_do_not_depend_on_width_threads_or_place<double>();
    cycles_are_born_with_their_bars();
    a_progress_that_throws_stops_the_work();
}
