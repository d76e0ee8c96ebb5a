#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "topolens/near_kernels.hpp"
#include "topolens/parallel.hpp"
#include "topolens/pivots.hpp"

namespace topolens {

/// The largest number whose square root is at most `eps`: comparing squares with it is comparing
/// distances with eps, ties included.
inline double largest_square(double eps) {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    double square = eps * eps;
    while (std::sqrt(square) > eps) square = std::nextafter(square, 0.0);
    while (square < infinite && std::sqrt(std::nextafter(square, infinite)) <= eps) {
        square = std::nextafter(square, infinite);
    }
    return square;
}

/// The points side by side in panels of 48, alike points together, with what the near kernel needs
/// to find all pairs within eps and what tells that two panels hold none.
class Panels {
public:
    static constexpr std::size_t rows = kernels::panel_rows;
    static constexpr std::size_t groups = kernels::panel_groups;

    /// Points of one cell stay together, cells ascend.
    template <typename Real>
    Panels(const CentredCloud<Real>& cloud, const std::vector<std::uint32_t>& cells, double eps,
           std::size_t threads)
        : n_(cloud.size()), d_(cloud.features()),
          // No coordinate exceeds one, so no distance the bound.
          eps_(std::min(eps * cloud.scale(), 2.5 * std::sqrt(double(d_)))) {
        const Pivots pivots(cloud);
        std::vector<float> distances(n_ * Pivots::count);
        in_row_bands(n_, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                pivots.distances([&](std::size_t f) { return cloud.at(i, f); },
                                 distances.data() + i * Pivots::count);
            }
        });
        arrange(cells, distances);
        box(distances);
        packed_.resize(count() * rows * d_);
        floors_.assign(count() * rows, std::numeric_limits<float>::infinity());
        starts_.assign(count() * rows, -std::numeric_limits<float>::infinity());
        in_parallel(count(), threads, [&](std::size_t panel) { pack(cloud, panel); });
    }

    std::size_t count() const { return (n_ + rows - 1) / rows; }
    std::size_t features() const { return d_; }
    /// The point at each position, position by position.
    const std::vector<std::uint32_t>& order() const { return order_; }
    const float* packed(std::size_t panel) const { return packed_.data() + panel * rows * d_; }
    const float* floors(std::size_t panel) const { return floors_.data() + panel * rows; }
    const float* starts(std::size_t panel) const { return starts_.data() + panel * rows; }

    /// Those of the groups of panel `x` that may hold a point near one of panel `y`.
    std::uint32_t near_groups(std::size_t x, std::size_t y, std::uint32_t wanted) const {
        const Box& other = panel_boxes_[y];
        if (apart(panel_boxes_[x], other)) return 0;
        std::uint32_t near = 0;
        for (std::size_t g = 0; g < groups; ++g) {
            if ((wanted >> g & 1) && !apart(group_boxes_[x * groups + g], other)) near |= 1u << g;
        }
        return near;
    }

private:
    /// Least and largest distance of some points to each pivot.
    struct Box {
        float low[Pivots::count], high[Pivots::count];

        Box() {
            std::fill(low, low + Pivots::count, std::numeric_limits<float>::infinity());
            std::fill(high, high + Pivots::count, -std::numeric_limits<float>::infinity());
        }
        void add(const float* distances) {
            for (std::size_t v = 0; v < Pivots::count; ++v) {
                low[v] = std::min(low[v], distances[v]);
                high[v] = std::max(high[v], distances[v]);
            }
        }
    };

    bool apart(const Box& x, const Box& y) const {
        float widest = 0;
        for (std::size_t v = 0; v < Pivots::count; ++v) {
            widest = std::max(widest, std::max(x.low[v] - y.high[v], y.low[v] - x.high[v]));
        }
        return widest > reach_;
    }

    void arrange(const std::vector<std::uint32_t>& cells, const std::vector<float>& distances) {
        std::vector<std::uint64_t> keys(n_);  // cell and nearest pivot
        std::vector<float> nearest(n_);
        for (std::size_t i = 0; i < n_; ++i) {
            const float* row = distances.data() + i * Pivots::count;
            const float* least = std::min_element(row, row + Pivots::count);
            keys[i] = std::uint64_t(cells[i]) * Pivots::count + std::uint64_t(least - row);
            nearest[i] = *least;
        }
        order_.resize(n_);
        std::iota(order_.begin(), order_.end(), std::uint32_t(0));
        std::sort(order_.begin(), order_.end(), [&](std::uint32_t i, std::uint32_t j) {
            if (keys[i] != keys[j]) return keys[i] < keys[j];
            if (nearest[i] != nearest[j]) return nearest[i] < nearest[j];
            return i < j;
        });
    }

    void box(const std::vector<float>& distances) {
        panel_boxes_.resize(count());
        group_boxes_.resize(count() * groups);
        float most = 0;
        for (std::size_t at = 0; at < n_; ++at) {
            const float* row = distances.data() + order_[at] * Pivots::count;
            panel_boxes_[at / rows].add(row);
            group_boxes_[at / kernels::group_rows].add(row);
            most = std::max(most, *std::max_element(row, row + Pivots::count));
        }
        reach_ = float((eps_ + 4 * rounding() * double(most)) * (1 + 1e-6));
    }

    /// The kernel's sum of a pair is at least the floor whenever the pair is within eps: the
    /// slack bounds the rounding of the coordinates, of the products and of the sum (Higham,
    /// Accuracy and Stability, section 3.1), twice over.
    template <typename Real>
    void pack(const CentredCloud<Real>& cloud, std::size_t panel) {
        const std::size_t end = std::min(n_, (panel + 1) * rows);
        for (std::size_t at = panel * rows; at < end; ++at) {
            float* out = packed_.data() + panel * rows * d_ + at % rows;
            double square = 0;
            for (std::size_t f = 0; f < d_; ++f) {
                const float x = cloud.at(order_[at], f);
                out[f * rows] = x;
                square += double(x) * double(x);
            }
            const double slack =
                2 * (rounding() * square + 4 * unit * eps_ * (std::sqrt(square) + eps_));
            floors_[at] = float((square - eps_ * eps_) / 2 - slack);
            starts_[at] = float(-square / 2 + slack);
        }
    }

    static constexpr double unit = 1.0 / (1 << 24);
    double rounding() const { return double(d_ + 16) * unit; }

    std::size_t n_, d_;
    double eps_;
    float reach_ = 0;
    std::vector<std::uint32_t> order_;
    std::vector<Box> panel_boxes_, group_boxes_;
    std::vector<float> packed_, floors_, starts_;
};

}  // namespace topolens
