#pragma once

#include "topolens/lanes.hpp"

/// Which pairs of points are near: a matrix product in single precision that never misses one, and
/// the distance in double precision that decides.
namespace topolens::kernels {

inline constexpr std::size_t panel_rows = 48;  // points side by side, feature by feature
inline constexpr std::size_t group_rows = 8;   // points of a panel that are left out together
inline constexpr std::size_t panel_groups = panel_rows / group_rows;

template <class S, std::size_t Rows, std::size_t Vectors>
std::size_t near_block(const float* x, const float* y, std::size_t d, const float* floors,
                       const float* starts, std::size_t row, std::size_t column,
                       std::uint16_t* out) {
    using L = typename S::template Lanes<float>;
    L sums[Rows][Vectors];
    for (std::size_t v = 0; v < Vectors; ++v) {
        const L start = L::load(starts + column + v * L::width);
        for (std::size_t r = 0; r < Rows; ++r) sums[r][v] = start;
    }
    x += row;
    y += column;
    for (std::size_t f = 0; f < d; ++f, x += panel_rows, y += panel_rows) {
        L ys[Vectors];
        for (std::size_t v = 0; v < Vectors; ++v) ys[v] = L::load(y + v * L::width);
        for (std::size_t r = 0; r < Rows; ++r) {
            const L one = L::all(x[r]);
            for (std::size_t v = 0; v < Vectors; ++v) {
                sums[r][v] = L::product_sum(one, ys[v], sums[r][v]);
            }
        }
    }
    std::size_t count = 0;
    for (std::size_t r = 0; r < Rows; ++r) {
        const L floor = L::all(floors[row + r]);
        for (std::size_t v = 0; v < Vectors; ++v) {
            std::uint32_t hits = L::at_most(floor, sums[r][v]);
            for (; hits; hits &= hits - 1) {
                const std::size_t at = column + v * L::width + std::size_t(__builtin_ctz(hits));
                out[count++] = std::uint16_t((row + r) * panel_rows + at);
            }
        }
    }
    return count;
}

/// The pairs (row of panel x, row of panel y) with starts[j] + <x_i, y_j> >= floors[i], for the
/// groups of x that are bits of `groups`; row * panel_rows + column, into room for all of them.
template <class S>
std::size_t near_pairs(const float* x, const float* y, std::size_t d, const float* floors,
                       const float* starts, std::uint32_t groups, std::uint16_t* out) {
    using L = typename S::template Lanes<float>;
    constexpr std::size_t rows = S::n_registers >= 32 ? 8 : 4;
    constexpr std::size_t vectors = panel_rows / (S::n_registers >= 32 ? 1 : 2) / L::width;
    std::size_t count = 0;
    for (; groups; groups &= groups - 1) {
        const std::size_t first = std::size_t(__builtin_ctz(groups)) * group_rows;
        for (std::size_t row = first; row < first + group_rows; row += rows) {
            for (std::size_t column = 0; column < panel_rows; column += vectors * L::width) {
                count += near_block<S, rows, vectors>(x, y, d, floors, starts, row, column,
                                                      out + count);
            }
        }
    }
    return count;
}

/// Squared distance by direct differences in double precision: the term of feature f goes to
/// partial sum f mod 16, and the sixteen are added in one order, whatever the vector width.
template <class S, typename Real>
double squared_gap(const Real* x, const Real* y, std::size_t d) {
    using L = typename S::template Lanes<double>;
    constexpr std::size_t n_sums = 16;
    constexpr std::size_t parts = n_sums / L::width;
    L sums[parts];
    for (auto& sum : sums) sum = L::all(0);
    std::size_t f = 0;
    for (; f + n_sums <= d; f += n_sums) {
        for (std::size_t p = 0; p < parts; ++p) {
            const L gap = L::load(x + f + p * L::width) - L::load(y + f + p * L::width);
            sums[p] = sums[p] + gap * gap;
        }
    }
    double lanes[n_sums];
    for (std::size_t p = 0; p < parts; ++p) sums[p].store(lanes + p * L::width);
    for (std::size_t k = 0; f < d; ++f, ++k) {
        const double gap = double(x[f]) - double(y[f]);
        lanes[k] += gap * gap;
    }
    for (std::size_t half = n_sums / 2; half > 0; half /= 2) {
        for (std::size_t k = 0; k < half; ++k) lanes[k] += lanes[k + half];
    }
    return lanes[0];
}

}  // namespace topolens::kernels
