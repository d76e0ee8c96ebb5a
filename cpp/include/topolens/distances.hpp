#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <thread>
#include <vector>

#include "topolens/kernel_table.hpp"
#include "topolens/parallel.hpp"

namespace topolens {

enum class Metric { euclidean, manhattan, chebyshev, cosine, correlation };

/// Rows scaled to length one, after subtracting their mean if `centred`. Rows of length zero stay.
template <typename Real>
std::vector<Real> unit_rows(const Real* points, std::size_t n, std::size_t d, bool centred) {
    std::vector<Real> units(n * d);
    for (std::size_t i = 0; i < n; ++i) {
        const Real* row = points + i * d;
        double mean = 0;
        if (centred) {
            for (std::size_t f = 0; f < d; ++f) mean += double(row[f]);
            mean /= double(d);
        }
        double most = 0;  // scaled by it, no square can overflow or vanish
        for (std::size_t f = 0; f < d; ++f) most = std::max(most, std::abs(double(row[f]) - mean));
        double squares = 0;
        for (std::size_t f = 0; f < d; ++f) {
            const double x = (double(row[f]) - mean) / most;
            squares += x * x;
        }
        const double length = most * std::sqrt(squares);
        for (std::size_t f = 0; f < d; ++f) {
            units[i * d + f] = length > 0 ? Real((double(row[f]) - mean) / length) : Real(0);
        }
    }
    return units;
}

/// All distances between n points of d features, as a full symmetric matrix, by direct
/// differences in a fixed order of summation. The cosine distance of unit vectors is half their
/// squared Euclidean distance, which is exactly 0 for equal directions.
template <typename Real>
class PairwiseDistances {
public:
    PairwiseDistances(const Real* points, std::size_t n, std::size_t d, Metric metric,
                      const KernelTable& kernels)
        : points_(points), n_(n), d_(d), metric_(metric) {
        const auto& rows = kernels.rows<Real>();
        const bool by_angle = metric == Metric::cosine || metric == Metric::correlation;
        terms_ = metric == Metric::manhattan   ? rows.absolute
                 : metric == Metric::chebyshev ? rows.largest
                                               : rows.squared;
        if (!by_angle) return;
        units_ = unit_rows(points, n, d, metric == Metric::correlation);
        points_ = units_.data();
    }

    void into(Real* matrix, std::size_t threads) const {
        into(matrix, threads, [] {});
    }

    /// A panel of points stays in the second cache while all earlier points pass by it. After each
    /// panel of its own, the calling thread calls `tell`, which throws to cancel.
    template <class Tell>
    void into(Real* matrix, std::size_t threads, Tell&& tell) const {
        const auto caller = std::this_thread::get_id();
        const std::size_t wanted = (std::size_t{1} << 18) / std::max<std::size_t>(1, d_ * sizeof(Real));
        const std::size_t panel = std::clamp<std::size_t>(wanted / side * side, side, 256);
        in_parallel((n_ + panel - 1) / panel, threads, [&](std::size_t p) {
            const std::size_t begin = p * panel, end = std::min(n_, begin + panel);
            for (std::size_t i = 0; i < end; i += side) {
                for (std::size_t j = std::max(begin, i); j < end; j += side) {
                    block(i, j, n_, [&](std::size_t a, std::size_t b, Real value) {
                        matrix[a * n_ + b] = value;
                        matrix[b * n_ + a] = value;
                    });
                }
            }
            if (std::this_thread::get_id() == caller) tell();
        });
    }

    /// The rows `begin` to `end` of the matrix, the same bits.
    void rows_into(std::size_t begin, std::size_t end, Real* rows) const {
        for (std::size_t j = 0; j < n_; j += side) {
            for (std::size_t i = begin; i < end; i += side) {
                block(i, j, end, [&](std::size_t a, std::size_t b, Real value) {
                    rows[(a - begin) * n_ + b] = value;
                });
            }
        }
    }

    /// One entry of the matrix, the same bits.
    Real operator()(std::size_t i, std::size_t j) const { return finish(sum(i, j)); }

    /// The squared Euclidean distance of two points, or of their unit vectors.
    double squared(std::size_t i, std::size_t j) const { return sum(i, j); }

    std::size_t n_points() const { return n_; }

private:
    static constexpr std::size_t side = 4;

    double sum(std::size_t i, std::size_t j) const {
        double found;
        terms_.one_by_one(points_ + i * d_, points_ + j * d_, d_, &found);
        return found;
    }

    /// Call store(row, column, value) for up to four rows before `end` and four columns.
    template <class Store>
    void block(std::size_t i, std::size_t j, std::size_t end, Store&& store) const {
        std::array<double, side * side> sums;
        const std::size_t n_rows = std::min(side, end - i), n_columns = std::min(side, n_ - j);
        if (n_rows == side && n_columns == side) {
            terms_.four_by_four(points_ + i * d_, points_ + j * d_, d_, sums.data());
        } else {
            for (std::size_t a = 0; a < n_rows; ++a) {
                for (std::size_t b = 0; b < n_columns; ++b) sums[a * side + b] = sum(i + a, j + b);
            }
        }
        for (std::size_t a = 0; a < n_rows; ++a) {
            for (std::size_t b = 0; b < n_columns; ++b) {
                store(i + a, j + b, finish(sums[a * side + b]));
            }
        }
    }

    Real finish(double sum) const {
        switch (metric_) {
            case Metric::euclidean: return Real(std::sqrt(sum));
            case Metric::cosine:
            case Metric::correlation: return Real(sum / 2);
            default: return Real(sum);
        }
    }

    const Real* points_;
    std::size_t n_, d_;
    Metric metric_;
    TermTable<Real> terms_;
    std::vector<Real> units_;
};

}  // namespace topolens
