#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace topolens {

/// One diagram seen from every direction: its points, and its points' feet on the diagonal,
/// projected and sorted. Made once per diagram, whatever it is then compared with.
struct SlicedDiagram {
    std::size_t count = 0;
    std::size_t directions = 0;
    std::vector<double> points;    // (directions, count), each row ascending
    std::vector<double> diagonal;  // (directions, count), each row ascending
};

/// Directions run over a half turn from the vertical, at steps of pi / directions.
inline double slice_angle(std::size_t slice, std::size_t directions) {
    return std::numbers::pi / 2 +
           std::numbers::pi * static_cast<double>(slice) / static_cast<double>(directions);
}

/// `pairs` holds (birth, death) of `count` finite bars.
inline SlicedDiagram slice_diagram(const double* pairs, std::size_t count, std::size_t directions) {
    SlicedDiagram sliced{count, directions, std::vector<double>(count * directions),
                         std::vector<double>(count * directions)};
    for (std::size_t slice = 0; slice < directions; ++slice) {
        const double angle = slice_angle(slice, directions);
        const double x = std::cos(angle);
        const double y = std::sin(angle);
        double* points = sliced.points.data() + slice * count;
        double* diagonal = sliced.diagonal.data() + slice * count;
        for (std::size_t bar = 0; bar < count; ++bar) {
            const double birth = pairs[2 * bar];
            const double death = pairs[2 * bar + 1];
            points[bar] = x * birth + y * death;
            diagonal[bar] = (x + y) * (birth + death) / 2;
        }
        std::sort(points, points + count);
        std::sort(diagonal, diagonal + count);
    }
    return sliced;
}

/// Reads the union of two ascending rows in ascending order.
class MergedRows {
public:
    MergedRows(const double* a, std::size_t a_count, const double* b, std::size_t b_count)
        : a_(a), a_end_(a + a_count), b_(b), b_end_(b + b_count) {}

    double next() {
        const bool from_a = b_ == b_end_ || (a_ != a_end_ && *a_ <= *b_);
        return from_a ? *a_++ : *b_++;
    }

private:
    const double *a_, *a_end_, *b_, *b_end_;
};

/// Mean over directions of the 1-D optimal transport cost between the first diagram with the
/// second's diagonal feet added, and the second with the first's.
/// (Carriere, Cuturi, Oudot 2017, section 3.) Linear in the number of bars per direction.
inline double sliced_wasserstein(const SlicedDiagram& first, const SlicedDiagram& second) {
    const std::size_t total = first.count + second.count;
    double cost = 0;
    for (std::size_t slice = 0; slice < first.directions; ++slice) {
        const std::size_t at_first = slice * first.count;
        const std::size_t at_second = slice * second.count;
        MergedRows left(first.points.data() + at_first, first.count,
                        second.diagonal.data() + at_second, second.count);
        MergedRows right(second.points.data() + at_second, second.count,
                         first.diagonal.data() + at_first, first.count);
        double slice_cost = 0;
        for (std::size_t rank = 0; rank < total; ++rank) {
            slice_cost += std::abs(left.next() - right.next());
        }
        cost += slice_cost;
    }
    return cost / static_cast<double>(first.directions);
}

}  // namespace topolens
