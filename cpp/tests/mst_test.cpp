#include "topolens/mst.hpp"

#include <limits>
#include <random>

#include "check.hpp"

namespace {

using topolens::mst_edge_lengths;

constexpr float inf = std::numeric_limits<float>::infinity();

void a_path_is_its_own_tree() {
    const float distances[] = {0, 1, 9, 1, 0, 2, 9, 2, 0};
    CHECK((mst_edge_lengths(distances, 3) == std::vector<double>{1, 2}));
}

void infinite_entries_join_nothing() {
    const float distances[] = {0, 1, inf, 1, 0, inf, inf, inf, 0};
    CHECK((mst_edge_lengths(distances, 3) == std::vector<double>{1}));
}

void one_point_and_none_have_no_edges() {
    const double alone[] = {0};
    CHECK(mst_edge_lengths(alone, 1).empty());
    CHECK(mst_edge_lengths(alone, 0).empty());
}

/// Kruskal with a colour per vertex: slow and obvious.
std::vector<double> reference(const std::vector<double>& distances, std::size_t n) {
    std::vector<std::size_t> colour(n);
    for (std::size_t v = 0; v < n; ++v) colour[v] = v;
    std::vector<double> lengths;
    while (true) {
        double shortest = std::numeric_limits<double>::infinity();
        std::size_t from = 0, to = 0;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = i + 1; j < n; ++j)
                if (colour[i] != colour[j] && distances[i * n + j] < shortest) {
                    shortest = distances[i * n + j];
                    from = colour[i];
                    to = colour[j];
                }
        if (shortest == std::numeric_limits<double>::infinity()) return lengths;
        lengths.push_back(shortest);
        for (auto& c : colour)
            if (c == to) c = from;
    }
}

void random_matrices_with_ties_agree_with_kruskal() {
    std::mt19937 random(1);
    for (std::size_t n = 2; n < 30; ++n) {
        std::vector<double> distances(n * n, 0);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = i + 1; j < n; ++j)
                distances[i * n + j] = distances[j * n + i] = static_cast<double>(random() % 12);
        CHECK(mst_edge_lengths(distances.data(), n) == reference(distances, n));
    }
}

}  // namespace

int main() {
    a_path_is_its_own_tree();
    infinite_entries_join_nothing();
    one_point_and_none_have_no_edges();
    random_matrices_with_ties_agree_with_kruskal();
}
