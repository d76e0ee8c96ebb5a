#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

#include "topolens/distinct.hpp"
#include "topolens/kernel_table.hpp"
#include "topolens/pair_rules.hpp"
#include "topolens/panels.hpp"
#include "topolens/parallel.hpp"

namespace topolens {

/// For the points of one panel, the near points at later positions.
struct NearRows {
    std::vector<std::uint32_t> ends;       // of the entries of each row, panel_rows of them
    std::vector<std::uint32_t> positions;  // in no particular order
    std::vector<float> squares;            // squared distances of the scaled points, rounded

    std::size_t bytes() const {
        return positions.capacity() * (sizeof(std::uint32_t) + sizeof(float)) +
               ends.capacity() * sizeof(std::uint32_t);
    }
};

/// Finds all pairs of distinct rows that meet and are at most eps apart, panel by panel.
template <typename Real>
class NearPairs {
public:
    NearPairs(const Real* points, std::size_t d, const DistinctRows& distinct, double eps,
              PairRule& rule, const KernelTable& kernels, std::size_t threads)
        : cloud_(points, d, distinct.firsts()), rule_(rule), kernels_(kernels),
          panels_(cloud_, rule.cells(), eps, threads), limit_(largest_square(eps)) {
        rule.arranged(panels_.order());
    }

    std::size_t n_panels() const { return panels_.count(); }
    /// The distinct row at each position.
    const std::vector<std::uint32_t>& order() const { return panels_.order(); }
    double scale() const { return cloud_.scale(); }

    NearRows rows_of(std::size_t panel) const {
        std::vector<Hit> hits;
        std::uint16_t codes[Panels::rows * Panels::rows];
        for (const Tile& tile : rule_.tiles(panel)) {
            const std::uint32_t groups = panels_.near_groups(panel, tile.panel, tile.groups);
            if (!groups) continue;
            const std::size_t n_codes = kernels_.near_pairs(
                panels_.packed(panel), panels_.packed(tile.panel), panels_.features(),
                panels_.floors(panel), panels_.starts(tile.panel), groups, codes);
            for (std::size_t k = 0; k < n_codes; ++k) {
                decide(panel * Panels::rows, codes[k] / Panels::rows,
                       tile.panel * Panels::rows + codes[k] % Panels::rows, hits);
            }
        }
        return by_row(hits);
    }

    /// The same from pairs (row of the panel, position) that some other product let through.
    NearRows rows_of(std::size_t panel, std::span<const std::int64_t> rows,
                     std::span<const std::int64_t> positions) const {
        std::vector<Hit> hits;
        for (std::size_t k = 0; k < rows.size(); ++k) {
            decide(panel * Panels::rows, std::size_t(rows[k]), std::size_t(positions[k]), hits);
        }
        return by_row(hits);
    }

    const Panels& panels() const { return panels_; }

    /// Panels, ascending, that may hold a later point near one of panels `begin` to `end` - 1.
    std::vector<std::int64_t> near_panels(std::size_t begin, std::size_t end) const {
        std::vector<std::int64_t> found;
        for (std::size_t panel = begin; panel < end; ++panel) {
            for (const Tile& tile : rule_.tiles(panel)) {
                if (panels_.near_groups(panel, tile.panel, tile.groups)) {
                    found.push_back(tile.panel);
                }
            }
        }
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        return found;
    }

private:
    struct Hit {
        std::uint32_t row, position;
        float square;
    };

    void decide(std::size_t begin, std::size_t row, std::size_t other,
                std::vector<Hit>& hits) const {
        const std::size_t at = begin + row;
        if (other <= at) return;
        const std::uint32_t i = order()[at], j = order()[other];
        if (!rule_.meet(i, j)) return;
        const double square =
            kernels_.rows<Real>().squared_gap(cloud_.row(i), cloud_.row(j), cloud_.features());
        if (square > limit_) return;
        hits.push_back({std::uint32_t(row), std::uint32_t(other),
                        float(square * cloud_.scale() * cloud_.scale())});
    }

    static NearRows by_row(const std::vector<Hit>& hits) {
        NearRows found;
        std::vector<std::uint32_t> next(Panels::rows + 1);
        for (const Hit& hit : hits) ++next[hit.row + 1];
        for (std::size_t row = 0; row < Panels::rows; ++row) next[row + 1] += next[row];
        found.ends.assign(next.begin() + 1, next.end());
        found.positions.resize(hits.size());
        found.squares.resize(hits.size());
        for (const Hit& hit : hits) {
            found.positions[next[hit.row]] = hit.position;
            found.squares[next[hit.row]++] = hit.square;
        }
        return found;
    }

    CentredCloud<Real> cloud_;
    PairRule& rule_;
    const KernelTable& kernels_;
    Panels panels_;
    double limit_;
};

/// Near pairs, kept by position: what clusters are made from, and made from again.
struct EpsGraph {
    std::vector<std::uint32_t> order;  // the first of the equal points at each position
    std::vector<std::uint32_t> place;  // the position of each point, one for equal points
    std::vector<NearRows> rows;        // one per panel
    double scale = 1;                  // of the points whose squared distances are kept
    std::uint64_t n_pairs = 0;         // found, dropped ones included

    template <typename Real>
    EpsGraph(const NearPairs<Real>& pairs, const DistinctRows& distinct)
        : order(distinct.count()), place(distinct.n_points()), rows(pairs.n_panels()),
          scale(pairs.scale()) {
        std::vector<std::uint32_t> place_of_row(distinct.count());
        for (std::size_t at = 0; at < order.size(); ++at) {
            const std::uint32_t row = pairs.order()[at];
            order[at] = distinct.firsts()[row];
            place_of_row[row] = std::uint32_t(at);
        }
        for (std::size_t point = 0; point < place.size(); ++point) {
            place[point] = place_of_row[distinct.row_of(point)];
        }
    }

    /// Call work(position, square) for each near point at a position after `at`.
    template <class Work>
    void after(std::size_t at, Work&& work) const {
        const NearRows& near = rows[at / Panels::rows];
        const std::size_t row = at % Panels::rows;
        for (std::size_t k = row ? near.ends[row - 1] : 0; k < near.ends[row]; ++k) {
            work(near.positions[k], near.squares[k]);
        }
    }
};

/// Fills rows of the graph in parallel and in batches; refuses to hold more than `most_bytes`.
template <typename Real>
class GraphFiller {
public:
    GraphFiller(const NearPairs<Real>& pairs, EpsGraph& graph, std::size_t threads,
                std::size_t most_bytes)
        : pairs_(pairs), graph_(graph), threads_(threads), most_bytes_(most_bytes) {}

    void fill(std::size_t begin, std::size_t end) {
        in_parallel(end - begin, threads_, [&](std::size_t k) {
            NearRows& rows = graph_.rows[begin + k];
            rows = pairs_.rows_of(begin + k);
            if (bytes_.fetch_add(rows.bytes()) > most_bytes_) throw std::bad_alloc();
        });
        for (std::size_t panel = begin; panel < end; ++panel) {
            graph_.n_pairs += graph_.rows[panel].positions.size();
        }
    }

    void release(std::size_t panel) {
        bytes_ -= graph_.rows[panel].bytes();
        graph_.rows[panel] = {};
    }

private:
    const NearPairs<Real>& pairs_;
    EpsGraph& graph_;
    std::size_t threads_;
    std::size_t most_bytes_;
    std::atomic<std::size_t> bytes_{0};
};

}  // namespace topolens
