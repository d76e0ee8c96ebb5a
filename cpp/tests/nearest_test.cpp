#include "topolens/nearest.hpp"

#include <cstdint>
#include <limits>
#include <random>

#include "check.hpp"

namespace {

/// Neighbours by the kernel of every vector width that the machine has; they must agree.
template <class Find>
topolens::Nearest<float> on_every_width(Find&& find) {
    topolens::Nearest<float> first;
    for (const char* width : {"plain", "avx2", "avx512"}) {
        const topolens::KernelTable* table = topolens::find_kernels(width);
        if (!table) continue;
        const topolens::Nearest<float> found = find(*table);
        CHECK(first.counts.empty() || found.names == first.names);
        CHECK(first.counts.empty() || found.lengths == first.lengths);
        first = found;
    }
    return first;
}

void a_path_has_its_neighbours() {
    const std::vector<float> distances{0, 1, 3, 1, 0, 2, 3, 2, 0};
    const auto found = on_every_width([&](const auto& kernels) {
        topolens::Nearest<float> nearest;
        topolens::nearest_in_rows(distances.data(), 0, 3, 3, {1, false}, kernels, nearest);
        return nearest;
    });
    CHECK((found.names == std::vector<std::int64_t>{1, 0, 1}));
    CHECK((found.lengths == std::vector<float>{1, 1, 2}));
}

void ties_are_whole_where_they_are_wanted() {
    const std::vector<float> distances{0, 1, 1, 1, 0, 1, 1, 1, 0};
    const auto found = on_every_width([&](const auto& kernels) {
        topolens::Nearest<float> nearest;
        topolens::nearest_in_rows(distances.data(), 0, 3, 3, {1, true}, kernels, nearest);
        return nearest;
    });
    CHECK((found.names == std::vector<std::int64_t>{1, 2, 0, 2, 0, 1}));
    CHECK((found.counts == std::vector<std::int64_t>{2, 2, 2}));
}

/// Bounds that say nothing, and bounds that are exact, leave the answer of the whole matrix.
void any_lower_bounds_give_the_answer_of_the_matrix() {
    std::mt19937 random(1);
    for (std::size_t n : {2, 17, 90}) {
        const std::size_t d = 3, k = std::min<std::size_t>(4, n - 1);
        std::vector<float> points(n * d);
        for (auto& x : points) x = float(random() % 5);
        const auto& kernels = topolens::kernels_for_this_machine();
        const topolens::PairwiseDistances<float> direct(points.data(), n, d,
                                                        topolens::Metric::euclidean, kernels);
        std::vector<float> matrix(n * n), exact(n * n), nothing(n * n, -1);
        direct.into(matrix.data(), 1);
        for (std::size_t e = 0; e < n * n; ++e) exact[e] = float(direct.squared(e / n, e % n)) / 4;
        topolens::Nearest<float> expected;
        topolens::nearest_in_rows(matrix.data(), 0, n, n, {k, false}, kernels, expected);
        const std::vector<double> offsets(n, 0);
        for (const auto* screen : {&exact, &nothing}) {
            const auto found = on_every_width([&](const auto& table) {
                topolens::Nearest<float> nearest;
                topolens::nearest_by_screen(screen->data(), offsets.data(), 1, 0, n, direct,
                                            {k, false}, table, nearest);
                return nearest;
            });
            CHECK(found.names == expected.names);
            CHECK(found.lengths == expected.lengths);
        }
    }
}

}  // namespace

int main() {
    a_path_has_its_neighbours();
    ties_are_whole_where_they_are_wanted();
    any_lower_bounds_give_the_answer_of_the_matrix();
}
