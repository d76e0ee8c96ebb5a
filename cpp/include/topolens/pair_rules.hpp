#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "topolens/nerve.hpp"
#include "topolens/panels.hpp"

/// Which pairs of points an eps-graph holds beside being near.
namespace topolens {

/// A panel to be met, by some groups of another.
struct Tile {
    std::uint32_t panel, groups;
};

class PairRule {
public:
    virtual ~PairRule() = default;
    /// Cell of each point: points of one cell meet the same others, near cells have near numbers.
    virtual std::vector<std::uint32_t> cells() const = 0;
    /// Called once, when the points lie in panels.
    virtual void arranged(const std::vector<std::uint32_t>& order) = 0;
    /// The panels from `panel` on that hold a point which some row of a group of `panel` meets.
    virtual std::vector<Tile> tiles(std::size_t panel) const = 0;
    /// Do the points meet?
    virtual bool meet(std::uint32_t first, std::uint32_t second) const = 0;
};

/// Two points meet where an element of a cover holds both.
class CoverRule final : public PairRule {
public:
    CoverRule(const Sets& elements, std::size_t n_points)
        : elements_(elements), holders_(elements, n_points), n_(n_points) {}

    std::vector<std::uint32_t> cells() const override {
        std::vector<std::uint32_t> by_holders(n_), cells(n_);
        std::iota(by_holders.begin(), by_holders.end(), std::uint32_t(0));
        const auto before = [&](std::uint32_t i, std::uint32_t j) {
            const auto a = holders_[i], b = holders_[j];
            return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
        };
        std::sort(by_holders.begin(), by_holders.end(), before);
        for (std::size_t k = 1; k < n_; ++k) {
            cells[by_holders[k]] =
                cells[by_holders[k - 1]] + std::uint32_t(before(by_holders[k - 1], by_holders[k]));
        }
        return cells;
    }

    void arranged(const std::vector<std::uint32_t>& order) override {
        order_ = order;
        panels_.resize(elements_.size());
        for (std::size_t at = 0; at < n_; ++at) {
            const auto panel = std::uint32_t(at / Panels::rows);
            for (const std::uint32_t element : holders_[order[at]]) {
                auto& panels = panels_[element];
                if (panels.empty() || panels.back() != panel) panels.push_back(panel);
            }
        }
    }

    std::vector<Tile> tiles(std::size_t panel) const override {
        std::vector<Tile> found;
        std::vector<std::uint32_t> groups((n_ + Panels::rows - 1) / Panels::rows - panel);
        for (std::size_t g = 0; g < Panels::groups; ++g) {
            for (const std::uint32_t element : elements_of_group(panel, g)) {
                const auto& panels = panels_[element];
                auto at = std::lower_bound(panels.begin(), panels.end(), std::uint32_t(panel));
                for (; at != panels.end(); ++at) {
                    if (!groups[*at - panel]) found.push_back({*at, 0});
                    groups[*at - panel] |= 1u << g;
                }
            }
        }
        for (Tile& tile : found) tile.groups = groups[tile.panel - panel];
        return found;
    }

    bool meet(std::uint32_t first, std::uint32_t second) const override {
        const auto a = holders_[first], b = holders_[second];
        for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
            if (a[i] == b[j]) return true;
            a[i] < b[j] ? ++i : ++j;
        }
        return false;
    }

    const Sets& elements() const { return elements_; }
    /// Panels that hold points of an element, ascending.
    const std::vector<std::uint32_t>& panels(std::size_t element) const { return panels_[element]; }

private:
    std::vector<std::uint32_t> elements_of_group(std::size_t panel, std::size_t group) const {
        const std::size_t begin = panel * Panels::rows + group * kernels::group_rows;
        std::vector<std::uint32_t> names;
        for (std::size_t at = begin; at < std::min(n_, begin + kernels::group_rows); ++at) {
            const auto held = holders_[order_[at]];
            names.insert(names.end(), held.begin(), held.end());
        }
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        return names;
    }

    Sets elements_;
    SetsOfPoints holders_;
    std::size_t n_;
    std::vector<std::uint32_t> order_;
    std::vector<std::vector<std::uint32_t>> panels_;
};

/// Two points meet where their values differ by at most a window along every lens; with no lens
/// all points do.
class WindowRule final : public PairRule {
public:
    /// `values` holds a number for each row of the table and lens; point i is row rows[i].
    WindowRule(std::span<const double> values, std::span<const double> window,
               const std::vector<std::uint32_t>& rows)
        : values_(values), window_(window), rows_(rows), n_(rows.size()),
          n_lenses_(window.size()) {}

    std::vector<std::uint32_t> cells() const override {
        std::vector<std::uint32_t> cells(n_);
        for (std::size_t k = 0; k < n_lenses_; ++k) {
            double least = std::numeric_limits<double>::infinity(), most = -least;
            for (std::size_t i = 0; i < n_; ++i) {
                least = std::min(least, value(i, k));
                most = std::max(most, value(i, k));
            }
            const double step = std::max(window_[k] / 2, (most - least) / most_strips);
            for (std::size_t i = 0; i < n_; ++i) {
                const double strip = step > 0 ? std::floor((value(i, k) - least) / step) : 0;
                cells[i] = cells[i] * (most_strips + 1) + std::uint32_t(strip);
            }
        }
        return cells;
    }

    void arranged(const std::vector<std::uint32_t>& order) override {
        constexpr double infinite = std::numeric_limits<double>::infinity();
        const std::size_t n_panels = (n_ + Panels::rows - 1) / Panels::rows;
        low_.assign(n_panels * n_lenses_, infinite);
        high_.assign(n_panels * n_lenses_, -infinite);
        for (std::size_t at = 0; at < n_; ++at) {
            for (std::size_t k = 0; k < n_lenses_; ++k) {
                const std::size_t box = at / Panels::rows * n_lenses_ + k;
                low_[box] = std::min(low_[box], value(order[at], k));
                high_[box] = std::max(high_[box], value(order[at], k));
            }
        }
    }

    std::vector<Tile> tiles(std::size_t panel) const override {
        std::vector<Tile> found;
        const std::size_t n_panels = (n_ + Panels::rows - 1) / Panels::rows;
        for (std::size_t other = panel; other < n_panels; ++other) {
            if (reachable(panel, other)) found.push_back({std::uint32_t(other), all_groups});
        }
        return found;
    }

    bool meet(std::uint32_t first, std::uint32_t second) const override {
        for (std::size_t k = 0; k < n_lenses_; ++k) {
            if (std::abs(value(first, k) - value(second, k)) > window_[k]) return false;
        }
        return true;
    }

private:
    static constexpr std::uint32_t all_groups = (1u << Panels::groups) - 1;
    static constexpr std::uint32_t most_strips = 1u << 12;

    double value(std::size_t point, std::size_t k) const {
        return values_[rows_[point] * n_lenses_ + k];
    }

    bool reachable(std::size_t x, std::size_t y) const {
        for (std::size_t k = 0; k < n_lenses_; ++k) {
            const std::size_t a = x * n_lenses_ + k, b = y * n_lenses_ + k;
            if (low_[a] - high_[b] > window_[k] || low_[b] - high_[a] > window_[k]) return false;
        }
        return true;
    }

    std::span<const double> values_, window_;
    const std::vector<std::uint32_t>& rows_;
    std::size_t n_, n_lenses_;
    std::vector<double> low_, high_;
};

}  // namespace topolens
