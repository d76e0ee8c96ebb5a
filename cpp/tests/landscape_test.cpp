#include "topolens/landscape.hpp"

#include <random>

#include "check.hpp"

namespace {

using topolens::Landscape;
using topolens::landscape;
using topolens::landscape_distance;
using topolens::Layer;
using topolens::tests::near;

std::vector<double> random_pairs(std::mt19937& random, std::size_t count) {
    std::vector<double> pairs;
    for (std::size_t k = 0; k < count; ++k) {
        const double birth = static_cast<double>(random() % 12);
        pairs.insert(pairs.end(), {birth, birth + static_cast<double>(random() % 12)});
    }
    return pairs;
}

std::vector<Layer> layers_of(const Landscape& of) {
    std::vector<Layer> layers;
    for (std::size_t k = 0; k < of.layers(); ++k) {
        layers.push_back({of.scales.data() + of.starts[k], of.heights.data() + of.starts[k],
                          static_cast<std::size_t>(of.starts[k + 1] - of.starts[k])});
    }
    return layers;
}

/// The definition: all tents at one scale, the highest first.
std::vector<double> tents(const std::vector<double>& pairs, double scale) {
    std::vector<double> heights;
    for (std::size_t k = 0; k < pairs.size(); k += 2) {
        heights.push_back(std::max(0.0, std::min(scale - pairs[k], pairs[k + 1] - scale)));
    }
    std::sort(heights.rbegin(), heights.rend());
    return heights;
}

/// Bars end at whole numbers, so tents bend and cross at multiples of a half.
void layers_are_the_sorted_tents() {
    std::mt19937 random(3);
    for (int trial = 0; trial < 200; ++trial) {
        const std::vector<double> pairs = random_pairs(random, random() % 15);
        const Landscape found = landscape(pairs.data(), pairs.size() / 2, 100);
        const std::vector<Layer> layers = layers_of(found);
        for (double scale = -1; scale < 25; scale += 0.25) {
            const std::vector<double> expected = tents(pairs, scale);
            CHECK(layers.size() <= expected.size());
            for (std::size_t k = 0; k < expected.size(); ++k) {
                topolens::LayerWalk walk(k < layers.size() ? layers[k] : Layer{});
                walk.pass(scale - 0.1);
                CHECK(near(walk.height(scale), expected[k]));
            }
        }
    }
}

void distances_are_integrals_over_halves() {
    std::mt19937 random(4);
    for (int trial = 0; trial < 200; ++trial) {
        const std::vector<double> a = random_pairs(random, random() % 10);
        const std::vector<double> b = random_pairs(random, random() % 10);
        double integral = 0;
        for (double scale = 0; scale < 24; scale += 0.5) {
            std::vector<double> ends[2][2] = {{tents(a, scale), tents(a, scale + 0.5)},
                                              {tents(b, scale), tents(b, scale + 0.5)}};
            for (auto& side : ends) {
                for (auto& heights : side) heights.resize(10);
            }
            for (std::size_t k = 0; k < 10; ++k) {
                const double left = ends[0][0][k] - ends[1][0][k];
                const double right = ends[0][1][k] - ends[1][1][k];
                integral += 0.5 * (left * left + left * right + right * right) / 3;
            }
        }
        const Landscape one = landscape(a.data(), a.size() / 2, 100);
        const Landscape other = landscape(b.data(), b.size() / 2, 100);
        CHECK(near(landscape_distance(layers_of(one), layers_of(other), 2), std::sqrt(integral)));
    }
}

void nothing_has_no_layers() {
    const Landscape none = landscape(nullptr, 0, 5);
    CHECK(none.layers() == 0);
    CHECK(landscape_distance(layers_of(none), layers_of(none), 2) == 0);
    const double flat[] = {1, 1, 2, 2};
    CHECK(landscape(flat, 2, 5).layers() == 0);
}

}  // namespace

int main() {
    layers_are_the_sorted_tents();
    distances_are_integrals_over_halves();
    nothing_has_no_layers();
}
