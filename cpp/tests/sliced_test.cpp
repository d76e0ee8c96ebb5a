#include "topolens/sliced.hpp"

#include <bit>
#include <limits>
#include <random>

#include "check.hpp"

namespace {

using topolens::slice_diagram;
using topolens::sliced_wasserstein;
using topolens::tests::near;

/// Project, join, sort, subtract: the definition, one direction at a time.
double reference(const std::vector<double>& a, const std::vector<double>& b, std::size_t m) {
    double cost = 0;
    for (std::size_t slice = 0; slice < m; ++slice) {
        const double angle = topolens::slice_angle(slice, m);
        const double x = std::cos(angle), y = std::sin(angle);
        std::vector<double> left, right;
        const auto add = [&](const std::vector<double>& pairs, auto& own, auto& other) {
            for (std::size_t k = 0; k < pairs.size(); k += 2) {
                own.push_back(x * pairs[k] + y * pairs[k + 1]);
                other.push_back((x + y) * (pairs[k] + pairs[k + 1]) / 2);
            }
        };
        add(a, left, right);
        add(b, right, left);
        std::sort(left.begin(), left.end());
        std::sort(right.begin(), right.end());
        for (std::size_t k = 0; k < left.size(); ++k) cost += std::abs(left[k] - right[k]);
    }
    return cost / static_cast<double>(m);
}

std::vector<double> random_pairs(std::mt19937& random, std::size_t count) {
    std::vector<double> pairs;
    for (std::size_t k = 0; k < count; ++k) {
        const double birth = static_cast<double>(random() % 20);
        pairs.insert(pairs.end(), {birth, birth + static_cast<double>(random() % 20)});
    }
    return pairs;
}

double distance(const std::vector<double>& a, const std::vector<double>& b, std::size_t m) {
    return sliced_wasserstein(slice_diagram(a.data(), a.size() / 2, m),
                              slice_diagram(b.data(), b.size() / 2, m));
}

void random_diagrams_agree_with_the_definition() {
    std::mt19937 random(2);
    for (std::size_t count = 0; count < 25; ++count) {
        const auto a = random_pairs(random, count);
        const auto b = random_pairs(random, 24 - count);
        CHECK(near(distance(a, b, 13), reference(a, b, 13)));
        CHECK(near(distance(a, b, 13), distance(b, a, 13)));
        CHECK(distance(a, a, 13) == 0);
    }
}

void rows_of_numbers_are_sorted() {
    std::mt19937_64 random(3);
    constexpr double infinite = std::numeric_limits<double>::infinity();
    topolens::NumberSorter sorter;
    for (const std::size_t count : {0, 1, 199, 200, 201, 5000}) {
        std::vector<double> values;
        for (std::size_t k = 0; k < count; ++k) {
            // Any bits but those of NaN: all signs and sizes, infinities, ties.
            const double value = std::bit_cast<double>(random() >> (k % 3 == 0 ? 1 : 0));
            values.push_back(std::isnan(value) ? double(random() % 9) - 4 : value);
        }
        values.insert(values.end(), {0.0, -0.0, infinite, -infinite, 5e-324, -5e-324});
        std::vector<double> expected = values;
        std::sort(expected.begin(), expected.end());
        sorter.sort(values.data(), values.size());
        CHECK(values == expected);
    }
}

void large_diagrams_agree_with_the_definition() {
    std::mt19937 random(4);
    const auto a = random_pairs(random, 700);
    const auto b = random_pairs(random, 450);
    CHECK(std::abs(distance(a, b, 50) / reference(a, b, 50) - 1) < 1e-12);
}

void empty_diagrams_are_at_distance_zero() { CHECK(distance({}, {}, 5) == 0); }

}  // namespace

int main() {
    random_diagrams_agree_with_the_definition();
    rows_of_numbers_are_sorted();
    large_diagrams_agree_with_the_definition();
    empty_diagrams_are_at_distance_zero();
}
