#include "topolens/prim.hpp"

#include <limits>
#include <random>

#include "check.hpp"

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();

/// Edge lengths by the kernel of every vector width that the machine has; they must agree.
std::vector<float> tree(const std::vector<float>& distances, std::size_t n) {
    std::vector<float> lengths;
    for (const char* width : {"plain", "avx2", "avx512"}) {
        const topolens::KernelTable* table = topolens::find_kernels(width);
        if (!table) continue;
        const auto found =
            topolens::spanning_lengths<float>({distances.data(), n}, nullptr, n, *table);
        CHECK(lengths.empty() || found == lengths);
        lengths = found;
    }
    return lengths;
}

void a_path_is_its_own_tree() {
    CHECK((tree({0, 1, 9, 1, 0, 2, 9, 2, 0}, 3) == std::vector<float>{1, 2}));
}

void infinite_entries_join_nothing() {
    CHECK((tree({0, 1, inf, 1, 0, inf, inf, inf, 0}, 3) == std::vector<float>{1}));
}

void one_point_has_no_edges() { CHECK(tree({0}, 1).empty()); }

/// Kruskal with a colour per vertex: slow and obvious.
std::vector<float> reference(const std::vector<float>& distances, std::size_t n) {
    std::vector<std::size_t> colour(n);
    for (std::size_t v = 0; v < n; ++v) colour[v] = v;
    std::vector<float> lengths;
    while (true) {
        float shortest = inf;
        std::size_t from = 0, to = 0;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = i + 1; j < n; ++j)
                if (colour[i] != colour[j] && distances[i * n + j] < shortest) {
                    shortest = distances[i * n + j];
                    from = colour[i];
                    to = colour[j];
                }
        if (shortest == inf) return lengths;
        lengths.push_back(shortest);
        for (auto& c : colour)
            if (c == to) c = from;
    }
}

void random_matrices_with_ties_agree_with_kruskal() {
    std::mt19937 random(1);
    for (std::size_t n = 2; n < 30; ++n) {
        std::vector<float> distances(n * n, 0);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = i + 1; j < n; ++j)
                distances[i * n + j] = distances[j * n + i] = static_cast<float>(random() % 12);
        CHECK(tree(distances, n) == reference(distances, n));
    }
}

}  // namespace

int main() {
    a_path_is_its_own_tree();
    infinite_entries_join_nothing();
    one_point_has_no_edges();
    random_matrices_with_ties_agree_with_kruskal();
}
