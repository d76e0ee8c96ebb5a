#pragma once

#include <algorithm>
#include <bit>
#include <bitset>
#include <cstddef>
#include <limits>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace topolens::tests {

using Pairs = std::vector<std::pair<double, double>>;

/// Vietoris-Rips bars by listing every simplex and reducing the boundary matrix; up to 9 points.
template <typename Real>
std::vector<Pairs> slow_rips(const std::vector<Real>& d, std::size_t n, std::size_t max_dim,
                             Real threshold) {
    constexpr std::size_t room = 512;
    Real radius = std::numeric_limits<Real>::infinity();
    for (std::size_t i = 0; i < n; ++i) {
        radius = std::min(radius, *std::max_element(&d[i * n], &d[i * n] + n));
    }
    const Real cut = std::min({radius, threshold, std::numeric_limits<Real>::max()});

    struct Simplex {
        Real value;
        unsigned vertices;
    };
    std::vector<Simplex> simplices;
    for (unsigned s = 1; s < 1u << n; ++s) {
        if (std::size_t(std::popcount(s)) > max_dim + 2) continue;
        Real value = 0;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                if (s >> i & 1 && s >> j & 1) value = std::max(value, d[i * n + j]);
            }
        }
        if (value <= cut) simplices.push_back({value, s});
    }
    std::sort(simplices.begin(), simplices.end(), [](auto& a, auto& b) {
        return std::tuple(a.value, std::popcount(a.vertices), a.vertices) <
               std::tuple(b.value, std::popcount(b.vertices), b.vertices);
    });
    std::map<unsigned, std::size_t> place;
    for (std::size_t k = 0; k < simplices.size(); ++k) place[simplices[k].vertices] = k;

    std::vector<std::bitset<room>> columns(simplices.size());
    std::vector<std::size_t> owner(simplices.size(), room);
    std::vector<bool> kills(simplices.size());
    for (std::size_t k = 0; k < simplices.size(); ++k) {
        const unsigned s = simplices[k].vertices;
        for (unsigned left = s; left && std::popcount(s) > 1; left &= left - 1) {
            columns[k].flip(place.at(s & ~(left & -left)));
        }
        const auto low = [&] {
            std::size_t at = simplices.size();
            while (at > 0 && !columns[k][at - 1]) --at;
            return at;
        };
        std::size_t at = low();
        while (at > 0 && owner[at - 1] < room) {
            columns[k] ^= columns[owner[at - 1]];
            at = low();
        }
        if (at > 0) owner[at - 1] = k;
        kills[k] = at > 0;
    }
    std::vector<Pairs> bars(max_dim + 1);
    for (std::size_t k = 0; k < simplices.size(); ++k) {
        const auto dim = std::size_t(std::popcount(simplices[k].vertices)) - 1;
        if (kills[k] || dim > max_dim) continue;
        const double death = owner[k] < room ? double(simplices[owner[k]].value)
                                             : std::numeric_limits<double>::infinity();
        if (death > double(simplices[k].value)) bars[dim].emplace_back(simplices[k].value, death);
    }
    for (auto& found : bars) std::sort(found.begin(), found.end());
    return bars;
}

}  // namespace topolens::tests
