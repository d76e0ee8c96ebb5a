#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace topolens {

/// Piecewise linear layers, one behind the other: layer k is the points starts[k] to
/// starts[k + 1], ascending in scale, and zero outside them.
struct Landscape {
    std::vector<std::int64_t> starts{0};
    std::vector<double> scales;
    std::vector<double> heights;

    std::size_t layers() const { return starts.size() - 1; }
};

struct LandscapeBar {
    double birth, death;

    bool comes_before(const LandscapeBar& other) const {
        return birth != other.birth ? birth < other.birth : death > other.death;
    }
};

/// The highest layer of `bars`, which are in order. What it does not use stays in `bars`, in
/// order: where one tent is left for a higher one, the part of it below that one remains.
inline void take_layer(std::vector<LandscapeBar>& bars, std::vector<LandscapeBar>& rest,
                       Landscape& landscape) {
    const auto add = [&](double scale, double height) {
        landscape.scales.push_back(scale);
        landscape.heights.push_back(height);
    };
    const auto add_peak = [&](const LandscapeBar& bar) {
        add((bar.birth + bar.death) / 2, (bar.death - bar.birth) / 2);
    };
    rest.clear();
    std::optional<LandscapeBar> below;
    const auto keep_below = [&] {
        if (below) rest.push_back(*below);
        below.reset();
    };
    LandscapeBar top = bars.front();
    add(top.birth, 0);
    add_peak(top);
    for (std::size_t index = 1; index < bars.size(); ++index) {
        const LandscapeBar bar = bars[index];
        if (bar.death <= top.death) {
            if (below && below->comes_before(bar)) keep_below();
            rest.push_back(bar);
            continue;
        }
        keep_below();
        if (bar.birth < top.death) {
            add((bar.birth + top.death) / 2, (top.death - bar.birth) / 2);
            below = LandscapeBar{bar.birth, top.death};
        } else {
            add(top.death, 0);
            if (bar.birth > top.death) add(bar.birth, 0);
        }
        add_peak(bar);
        top = bar;
    }
    keep_below();
    add(top.death, 0);
    bars.swap(rest);
}

/// The first `most` layers of the landscape of `count` finite bars (Bubenik and Dlotko 2017,
/// algorithm 1). Exact; linear in the bars that are left, for every layer.
inline Landscape landscape(const double* pairs, std::size_t count, std::size_t most) {
    std::vector<LandscapeBar> bars;
    bars.reserve(count);
    for (std::size_t index = 0; index < count; ++index) {
        const LandscapeBar bar{pairs[2 * index], pairs[2 * index + 1]};
        if (bar.birth < bar.death) bars.push_back(bar);
    }
    std::sort(bars.begin(), bars.end(), [](const LandscapeBar& one, const LandscapeBar& other) {
        return one.comes_before(other);
    });
    std::vector<LandscapeBar> rest;
    rest.reserve(bars.size());
    Landscape result;
    while (!bars.empty() && result.layers() < most) {
        take_layer(bars, rest, result);
        result.starts.push_back(static_cast<std::int64_t>(result.scales.size()));
    }
    return result;
}

/// One layer as other code holds it.
struct Layer {
    const double* scales = nullptr;
    const double* heights = nullptr;
    std::size_t count = 0;
};

/// Walks a layer from left to right; asked for ascending scales only.
class LayerWalk {
public:
    explicit LayerWalk(const Layer& layer) : layer_(layer) {}

    /// The next scale where the layer bends, infinite behind the last.
    double next() const {
        return at_ < layer_.count ? layer_.scales[at_] : std::numeric_limits<double>::infinity();
    }

    /// The height at a scale not beyond `next()`.
    double height(double scale) const {
        if (at_ == layer_.count) return 0;
        if (scale == layer_.scales[at_]) return layer_.heights[at_];
        if (at_ == 0) return 0;
        const double left = layer_.scales[at_ - 1];
        const double share = (scale - left) / (layer_.scales[at_] - left);
        return layer_.heights[at_ - 1] + share * (layer_.heights[at_] - layer_.heights[at_ - 1]);
    }

    void pass(double scale) {
        while (next() <= scale) ++at_;
    }

private:
    Layer layer_;
    std::size_t at_ = 0;
};

/// Calls visit(width, left, right) with the difference of two layers at the ends of every
/// stretch where it is linear.
template <typename Visit>
void visit_difference(const Layer& first, const Layer& second, Visit visit) {
    LayerWalk one(first);
    LayerWalk other(second);
    double scale = std::min(one.next(), other.next());
    double difference = 0;
    while (std::isfinite(scale)) {
        one.pass(scale);
        other.pass(scale);
        const double end = std::min(one.next(), other.next());
        if (!std::isfinite(end)) return;
        const double at_end = one.height(end) - other.height(end);
        visit(end - scale, difference, at_end);
        scale = end;
        difference = at_end;
    }
}

/// Integral over a stretch of |f| ** power, where f is linear from `left` to `right`.
inline double power_integral(double width, double left, double right, double power) {
    const double sum = std::abs(left) + std::abs(right);
    if (sum == 0) return 0;
    if (power == 2) return width * (left * left + left * right + right * right) / 3;
    if (std::abs(right - left) < 1e-3 * sum) {  // nearly level: Simpson's rule is exact to rounding
        const double middle = std::pow(sum / 2, power);
        const double ends = std::pow(std::abs(left), power) + std::pow(std::abs(right), power);
        return width * (ends + 4 * middle) / 6;
    }
    const auto antiderivative = [&](double f) { return std::pow(std::abs(f), power) * f; };
    return width * (antiderivative(right) - antiderivative(left)) / ((power + 1) * (right - left));
}

/// L_p norm of the difference of two landscapes over all scales and layers, p = `power`; the
/// largest difference where that is infinite. Exact: every stretch is integrated in closed form.
inline double landscape_distance(const std::vector<Layer>& first, const std::vector<Layer>& second,
                                 double power) {
    const std::size_t layers = std::max(first.size(), second.size());
    const auto each = [&](auto visit) {
        for (std::size_t k = 0; k < layers; ++k) {
            visit_difference(k < first.size() ? first[k] : Layer{},
                             k < second.size() ? second[k] : Layer{}, visit);
        }
    };
    double largest = 0;
    each([&](double, double, double right) { largest = std::max(largest, std::abs(right)); });
    if (std::isinf(power) || largest == 0) return largest;
    double integral = 0;  // of the difference in parts of its largest value: no power overflows
    each([&](double width, double left, double right) {
        integral += power_integral(width, left / largest, right / largest, power);
    });
    return largest * std::pow(integral, 1 / power);
}

}  // namespace topolens
