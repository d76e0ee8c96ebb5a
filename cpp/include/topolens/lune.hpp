#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "topolens/kernel_table.hpp"

namespace topolens {

/// The flag complex while it grows, as far as lunes need it: adjacency in bits.
///
/// Vertices are placed by their distance from the centre, so that the neighbours of the centre
/// always come first and its gaps are the tail: for a late edge a few blocks decide.
template <typename Real>
class GrowingGraph {
public:
    GrowingGraph(Dissimilarity<Real> d, std::size_t centre, const KernelTable& kernels)
        : d_(d), kernels_(kernels), order_(d.n), position_(d.n) {
        std::iota(order_.begin(), order_.end(), Vertex{0});
        const Real* from = d.row(centre);
        std::sort(order_.begin(), order_.end(), [&](Vertex a, Vertex b) {
            if (a == centre || b == centre) return a == centre && b != centre;
            return from[a] != from[b] ? from[a] < from[b] : a < b;
        });
        for (std::size_t p = 0; p < d.n; ++p) position_[order_[p]] = Vertex(p);
        allocate();
    }

    /// Insert the edges from `begin` on, up to the first whose lune is disconnected; returns its
    /// place, or `end`.
    std::size_t sweep(std::span<const Edge<Real>> edges, std::size_t begin) {
        return kernels_.rows<Real>().sweep(bits_, edges.data(), begin, edges.size(), &mask_);
    }

    void insert(const Edge<Real>& e) {
        kernels::insert(bits_, position_[e.i], position_[e.j]);
    }

    /// To be called now and then: lets the sweep skip what has filled up.
    void refresh() { kernels_.refresh_lacking(bits_, d_.n); }

    /// One vertex for each component of the lune the sweep stopped at: the one that minimises the
    /// longer side, then its name; in that order, too.
    const std::vector<Vertex>& representatives(const Edge<Real>& e) {
        representatives_.clear();
        representatives_.push_back(nearest_reached(e));
        while (start_component()) {
            kernels_.absorb(bits_, mask_);
            representatives_.push_back(nearest_reached(e));
        }
        std::sort(representatives_.begin(), representatives_.end(), [&](Vertex a, Vertex b) {
            return std::pair(longer_side(e, a), a) < std::pair(longer_side(e, b), b);
        });
        return representatives_;
    }

    const kernels::Neighbourhoods& bits() const { return bits_; }
    Vertex vertex_at(std::size_t place) const { return order_[place]; }
    std::size_t position(Vertex v) const { return position_[v]; }

private:
    struct alignas(64) Line {
        Word words[block_words];
    };

    void allocate() {
        const std::size_t n = d_.n;
        std::size_t blocks = (n + block_bits - 1) / block_bits;
        unsigned shift = 0;
        while ((blocks + (std::size_t{1} << shift) - 1) >> shift > 64) ++shift;
        blocks = ((blocks + (std::size_t{1} << shift) - 1) >> shift) << shift;
        lines_.assign((n + 2) * blocks, Line{});
        masks_.assign(2 * n, 0);
        const std::size_t stride = blocks * block_words;
        Word* words = lines_[0].words;
        bits_ = {words, stride, shift, masks_.data(), masks_.data() + n, position_.data(),
                 words + n * stride, words + (n + 1) * stride};
        for (std::size_t p = 0; p < n; ++p) kernels::insert(bits_, p, p);
        refresh();
    }

    Real longer_side(const Edge<Real>& e, Vertex k) const {
        return std::max(d_(e.i, k), d_(e.j, k));
    }

    Vertex nearest_reached(const Edge<Real>& e) const {
        std::pair<Real, Vertex> best{std::numeric_limits<Real>::infinity(), Vertex(max_points)};
        kernels::each_block(bits_.group_shift, mask_, [&](std::size_t w) {
            for (std::size_t k = w; k < w + block_words; ++k) {
                for (Word left = bits_.reached[k]; left; left &= left - 1) {
                    const Vertex v = order_[k * 64 + std::size_t(std::countr_zero(left))];
                    best = std::min(best, std::pair(longer_side(e, v), v));
                }
            }
        });
        return best.second;
    }

    /// Put the first vertex left over, with its neighbours, into `reached`.
    bool start_component() {
        const Word* seed = nullptr;
        kernels::any_block(bits_.group_shift, mask_, [&](std::size_t w) {
            for (std::size_t k = w; k < w + block_words; ++k) {
                if (!bits_.rest[k]) continue;
                seed = bits_.row(k * 64 + std::size_t(std::countr_zero(bits_.rest[k])));
                return true;
            }
            return false;
        });
        if (!seed) return false;
        kernels::each_block(bits_.group_shift, mask_, [&](std::size_t w) {
            for (std::size_t k = w; k < w + block_words; ++k) {
                bits_.reached[k] = bits_.rest[k] & seed[k];
                bits_.rest[k] &= ~seed[k];
            }
        });
        return true;
    }

    Dissimilarity<Real> d_;
    const KernelTable& kernels_;
    std::vector<Vertex> order_;
    std::vector<Vertex> position_;
    std::vector<Line> lines_;
    std::vector<Word> masks_;
    kernels::Neighbourhoods bits_{};
    Word mask_ = 0;
    std::vector<Vertex> representatives_;
};

}  // namespace topolens
