#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "topolens/sort_numbers.hpp"

namespace topolens {

/// One diagram seen from every direction: its points, and its points' feet on the diagonal,
/// projected and sorted. Made once per diagram, whatever it is then compared with.
struct SlicedDiagram {
    std::size_t count = 0;
    std::size_t directions = 0;
    std::vector<double> points;    // (directions, count + 1), each row ascending
    std::vector<double> diagonal;  // (directions, count + 1), each row ascending

    /// Rows end in infinity, so that merging two of them needs no test for their ends.
    std::size_t row_length() const { return count + 1; }
};

/// Directions run over a half turn from the vertical, at steps of pi / directions.
inline double slice_angle(std::size_t slice, std::size_t directions) {
    return std::numbers::pi / 2 +
           std::numbers::pi * static_cast<double>(slice) / static_cast<double>(directions);
}

/// `pairs` holds (birth, death) of `count` finite bars.
inline SlicedDiagram slice_diagram(const double* pairs, std::size_t count, std::size_t directions) {
    constexpr double sentinel = std::numeric_limits<double>::infinity();
    const std::size_t length = count + 1;
    SlicedDiagram sliced{count, directions, std::vector<double>(length * directions, sentinel),
                         std::vector<double>(length * directions, sentinel)};
    // Feet lie on one line: seen from anywhere they are in one order or its reverse.
    std::vector<double> feet(count);
    for (std::size_t bar = 0; bar < count; ++bar) feet[bar] = pairs[2 * bar] + pairs[2 * bar + 1];
    NumberSorter sorter;
    sorter.sort(feet.data(), count);
    for (std::size_t slice = 0; slice < directions; ++slice) {
        const double angle = slice_angle(slice, directions);
        const double x = std::cos(angle);
        const double y = std::sin(angle);
        double* points = sliced.points.data() + slice * length;
        double* diagonal = sliced.diagonal.data() + slice * length;
        for (std::size_t bar = 0; bar < count; ++bar) {
            points[bar] = x * pairs[2 * bar] + y * pairs[2 * bar + 1];
            diagonal[bar] = (x + y) * feet[x + y < 0 ? count - 1 - bar : bar] / 2;
        }
        sorter.sort(points, count);
    }
    return sliced;
}

/// Reads the union of two ascending, infinity-ended rows in ascending order.
class MergedRows {
public:
    MergedRows(const double* a, const double* b) : a_(a), b_(b) {}

    double next() {
        // No branch: which row comes next is a coin toss that no processor predicts.
        const bool from_a = *a_ <= *b_;
        const double value = from_a ? *a_ : *b_;
        a_ += from_a;
        b_ += !from_a;
        return value;
    }

private:
    const double *a_, *b_;
};

/// Cost of 1-D optimal transport in some directions at a time: each merge waits for its own last
/// step, so several side by side take hardly longer than one.
template <std::size_t together>
double slice_costs(const SlicedDiagram& first, const SlicedDiagram& second, std::size_t slice) {
    const auto rows = [&]<std::size_t... k>(std::index_sequence<k...>, const auto& a,
                                            const auto& b) {
        return std::array{MergedRows(a(slice + k), b(slice + k))...};
    };
    const auto row = [](const SlicedDiagram& of, const std::vector<double>& values) {
        return [&of, &values](std::size_t at) { return values.data() + at * of.row_length(); };
    };
    constexpr auto each = std::make_index_sequence<together>();
    auto left = rows(each, row(first, first.points), row(second, second.diagonal));
    auto right = rows(each, row(second, second.points), row(first, first.diagonal));
    std::array<double, together> costs{};
    for (std::size_t rank = 0; rank < first.count + second.count; ++rank) {
        for (std::size_t k = 0; k < together; ++k) {
            costs[k] += std::abs(left[k].next() - right[k].next());
        }
    }
    double sum = 0;
    for (const double cost : costs) sum += cost;
    return sum;
}

/// Mean over directions of the 1-D optimal transport cost between the first diagram with the
/// second's diagonal feet added, and the second with the first's.
/// (Carriere, Cuturi, Oudot 2017, section 3.) Linear in the number of bars per direction.
inline double sliced_wasserstein(const SlicedDiagram& first, const SlicedDiagram& second) {
    constexpr std::size_t together = 4;
    double cost = 0;
    std::size_t slice = 0;
    for (; slice + together <= first.directions; slice += together) {
        cost += slice_costs<together>(first, second, slice);
    }
    for (; slice < first.directions; ++slice) cost += slice_costs<1>(first, second, slice);
    return cost / static_cast<double>(first.directions);
}

}  // namespace topolens
