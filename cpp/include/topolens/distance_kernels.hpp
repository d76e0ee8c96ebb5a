#pragma once

#include "topolens/edges.hpp"
#include "topolens/lanes.hpp"

/// Distances by direct differences. A term of feature f always goes to partial sum f mod 16, in
/// the order of the features, and the sixteen are added in one fixed order: the vector width never
/// shows, and near-duplicates lose no digits to cancellation.
namespace topolens::kernels {

inline constexpr std::size_t n_partial = 16;
inline constexpr std::size_t flush_every = 2048;  // features; keeps float32 sums short

enum class Term { squared, absolute, largest };

template <Term term, typename L>
L accumulate(const L& sum, const L& x, const L& y) {
    const L gap = x - y;
    if constexpr (term == Term::squared) {
        return sum + gap * gap;
    } else if constexpr (term == Term::absolute) {
        return sum + L::max(gap, y - x);
    } else {
        return L::max(sum, L::max(gap, y - x));
    }
}

template <Term term, typename Real>
Real accumulate_one(Real sum, Real x, Real y) {
    const Real gap = x > y ? x - y : y - x;
    if constexpr (term == Term::squared) {
        return sum + gap * gap;
    } else if constexpr (term == Term::absolute) {
        return sum + gap;
    } else {
        return gap > sum ? gap : sum;
    }
}

template <Term term, typename Real>
double combine(double total, const Real* partial) {
    double lanes[n_partial];
    for (std::size_t k = 0; k < n_partial; ++k) lanes[k] = double(partial[k]);
    for (std::size_t half = n_partial / 2; half > 0; half /= 2) {
        for (std::size_t k = 0; k < half; ++k) {
            const double other = lanes[k + half];
            if constexpr (term == Term::largest) {
                lanes[k] = lanes[k] > other ? lanes[k] : other;
            } else {
                lanes[k] += other;
            }
        }
    }
    if constexpr (term == Term::largest) return total > lanes[0] ? total : lanes[0];
    return total + lanes[0];
}

/// Sums of terms between each of `Rows` points at x and each of `Rows` at y, into out[Rows][Rows].
template <class S, typename Real, Term term, std::size_t Rows>
void tile(const Real* x, const Real* y, std::size_t d, double* out) {
    using L = typename S::template Lanes<Real>;
    constexpr std::size_t parts = n_partial / L::width;
    for (std::size_t k = 0; k < Rows * Rows; ++k) out[k] = 0;
    for (std::size_t from = 0; from < d; from += flush_every) {
        const std::size_t to = d - from < flush_every ? d : from + flush_every;
        L sums[Rows][Rows][parts];
        for (auto& row : sums) {
            for (auto& cell : row) {
                for (auto& part : cell) part = L::all(Real(0));
            }
        }
        std::size_t f = from;
        for (; f + n_partial <= to; f += n_partial) {
            for (std::size_t p = 0; p < parts; ++p) {
                L xs[Rows], ys[Rows];
                for (std::size_t r = 0; r < Rows; ++r) {
                    xs[r] = L::load(x + r * d + f + p * L::width);
                    ys[r] = L::load(y + r * d + f + p * L::width);
                }
                for (std::size_t a = 0; a < Rows; ++a) {
                    for (std::size_t b = 0; b < Rows; ++b) {
                        sums[a][b][p] = accumulate<term>(sums[a][b][p], xs[a], ys[b]);
                    }
                }
            }
        }
        for (std::size_t a = 0; a < Rows; ++a) {
            for (std::size_t b = 0; b < Rows; ++b) {
                Real partial[n_partial];
                for (std::size_t p = 0; p < parts; ++p) sums[a][b][p].store(partial + p * L::width);
                for (std::size_t g = f; g < to; ++g) {
                    partial[g - f] = accumulate_one<term>(partial[g - f], x[a * d + g], y[b * d + g]);
                }
                out[a * Rows + b] = combine<term>(out[a * Rows + b], partial);
            }
        }
    }
}

/// The same for four points on each side, in tiles that fit the registers.
template <class S, typename Real, Term term>
void four_by_four(const Real* x, const Real* y, std::size_t d, double* out) {
    if constexpr (S::n_registers >= 32) {
        tile<S, Real, term, 4>(x, y, d, out);
        return;
    }
    for (std::size_t a = 0; a < 4; a += 2) {
        for (std::size_t b = 0; b < 4; b += 2) {
            double small[4];
            tile<S, Real, term, 2>(x + a * d, y + b * d, d, small);
            for (std::size_t k = 0; k < 4; ++k) out[(a + k / 2) * 4 + b + k % 2] = small[k];
        }
    }
}

}  // namespace topolens::kernels
