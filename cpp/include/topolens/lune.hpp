#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "topolens/kernel_table.hpp"
#include "topolens/neighbours.hpp"

namespace topolens {

/// The flag complex while it grows, as far as lunes need it: adjacency in bits.
///
/// Vertices are placed in blocks: the centre with the vertices nearest to it, then the vertex in
/// the densest place left with those nearest to it, and so on, each block by distance. Then the
/// lune of a short edge lies in few blocks, its first vertex is a central one, and the blocks that
/// a central vertex does not fill are few.
template <typename Real>
class GrowingGraph {
public:
    GrowingGraph(Dissimilarity<Real> d, const Neighbours<Real>& near, const KernelTable& kernels)
        : d_(d), kernels_(kernels), order_(d.n), position_(d.n) {
        place_vertices(near);
        for (std::size_t p = 0; p < d.n; ++p) position_[order_[p]] = Vertex(p);
        allocate();
    }

    /// Insert the edges from `begin` on, up to the first whose lune is disconnected or, with
    /// `links`, whose link may have a loop; returns its place, or `end`.
    std::size_t sweep(std::span<const Edge<Real>> edges, std::size_t begin, bool links) {
        return kernels_.rows<Real>().sweep(bits_, edges.data(), begin, edges.size(), links,
                                           mask_);
    }

    void insert(const Edge<Real>& e) {
        kernels::insert(bits_, position_[e.i], position_[e.j]);
    }

    /// To be called before a sweep of edges no longer than `longest`: lets it skip what has filled
    /// up and, late in the filtration, most edges at a glance.
    void refresh(Real longest) {
        kernels_.refresh_lacking(bits_, d_.n);
        cast_shadows(longest);
    }

    /// What the sweep stopped at: one vertex for each component of the lune, the one that minimises
    /// the longer side, then its name; in that order, too.
    const std::vector<Vertex>& components(const Edge<Real>& e) {
        components_.clear();
        do {
            kernels_.absorb(bits_, mask_);
            components_.push_back(nearest_reached(e));
        } while (start_component());
        sort_components(e);
        return components_;
    }

    /// The same after a sweep with links. `loop(path)` is called for cycles of the link that
    /// generate its H1, perhaps with some to spare; a path is closed by its ends.
    template <class F>
    const std::vector<Vertex>& components(const Edge<Real>& e, F&& loop) {
        components_.clear();
        do {
            while (!kernels_.absorb_without_loops(bits_, mask_)) {
                const std::size_t v = next_to_reached();
                if (v == none) break;
                close_loops(v, loop);
            }
            components_.push_back(nearest_reached(e));
        } while (start_component());
        sort_components(e);
        return components_;
    }

private:
    void place_vertices(const Neighbours<Real>& near) {
        std::iota(order_.begin(), order_.end(), Vertex{0});
        std::vector<Real> spread(d_.n, Real(0));  // zero where all have the same neighbours
        if (near.per_vertex > 0 && near.per_vertex + 1 < d_.n) {
            for (std::size_t v = 0; v < d_.n; ++v) spread[v] = d_(v, near.of(v)[near.per_vertex - 1]);
        }
        auto seed = Vertex(near.centre);
        for (std::size_t begin = 0; begin < d_.n; begin += block_bits) {
            const auto first = order_.begin() + std::ptrdiff_t(begin);
            const auto last = order_.begin() + std::ptrdiff_t(std::min(d_.n, begin + block_bits));
            if (begin > 0) {
                seed = *std::min_element(first, order_.end(), [&](Vertex a, Vertex b) {
                    return std::pair(spread[a], a) < std::pair(spread[b], b);
                });
            }
            const auto nearer = [from = d_.row(seed), seed](Vertex a, Vertex b) {
                return std::tuple(a != seed, from[a], a) < std::tuple(b != seed, from[b], b);
            };
            if (last != order_.end()) std::nth_element(first, last, order_.end(), nearer);
            std::sort(first, last, nearer);
        }
    }

    struct alignas(64) Line {
        Word words[block_words];
    };

    /// The centre z is next to a whole lune unless some vertex far from z is next to both ends of
    /// the edge. Each far vertex marks all it may be next to during the sweep with one of 512 bits;
    /// z and vertices not yet next to z carry all.
    void cast_shadows(Real longest) {
        const std::size_t most_far = std::min<std::size_t>(1024, d_.n / 8);
        Line every;
        std::fill_n(every.words, block_words, ~Word{0});
        shadows_.assign(d_.n, every);
        bits_.shadows = shadows_[0].words;
        const auto is_near = [near = bits_.row(0)](std::size_t p) {
            return p > 0 && (near[p / 64] >> (p % 64) & 1);
        };
        std::vector<Vertex> far;
        for (std::size_t p = 1; p < d_.n && far.size() <= most_far; ++p) {
            if (!is_near(p)) far.push_back(order_[p]);
        }
        if (far.size() > most_far) return;
        for (std::size_t p = 0; p < d_.n; ++p) {
            if (is_near(p)) shadows_[p] = Line{};
        }
        std::vector<std::uint32_t> reached(d_.n);
        for (std::size_t f = 0; f < far.size(); ++f) {
            const std::size_t count =
                kernels_.rows<Real>().collect(d_.row(far[f]), d_.n, longest, reached.data());
            const Word mark = Word{1} << (f % 64);
            for (std::size_t k = 0; k < count; ++k) {
                shadows_[position_[reached[k]]].words[f % block_bits / 64] |= mark;
            }
        }
    }

    void allocate() {
        const std::size_t n = d_.n;
        std::size_t blocks = (n + block_bits - 1) / block_bits;
        unsigned shift = 0;
        while ((blocks + (std::size_t{1} << shift) - 1) >> shift > 64) ++shift;
        blocks = ((blocks + (std::size_t{1} << shift) - 1) >> shift) << shift;
        lines_.assign((n + 4) * blocks, Line{});
        masks_.assign(2 * n, 0);
        const std::size_t stride = blocks * block_words;
        Word* words = lines_[0].words;
        bits_ = {words, stride, shift, masks_.data(), masks_.data() + n, nullptr, position_.data(),
                 words + n * stride, words + (n + 1) * stride, words + (n + 2) * stride,
                 words + (n + 3) * stride};
        for (std::size_t p = 0; p < n; ++p) kernels::insert(bits_, p, p);
    }

    Real longer_side(const Edge<Real>& e, Vertex k) const {
        return std::max(d_(e.i, k), d_(e.j, k));
    }

    void sort_components(const Edge<Real>& e) {
        std::sort(components_.begin(), components_.end(), [&](Vertex a, Vertex b) {
            return std::pair(longer_side(e, a), a) < std::pair(longer_side(e, b), b);
        });
    }

    Vertex nearest_reached(const Edge<Real>& e) const {
        std::pair<Real, Vertex> best{std::numeric_limits<Real>::infinity(), Vertex(max_points)};
        each_place(bits_.reached, [&](std::size_t p) {
            const Vertex v = order_[p];
            best = std::min(best, std::pair(longer_side(e, v), v));
            return false;
        });
        return best.second;
    }

    /// Call f(place) for the bits of a scratch row until it answers true; that place, or `none`.
    template <class F>
    std::size_t each_place(const Word* row, F&& f) const {
        std::size_t found = none;
        kernels::any_block(bits_.group_shift, mask_, [&](std::size_t w) {
            for (std::size_t k = w; k < w + block_words; ++k) {
                for (Word left = row[k]; left; left &= left - 1) {
                    const std::size_t p = k * 64 + std::size_t(std::countr_zero(left));
                    if (!f(p)) continue;
                    found = p;
                    return true;
                }
            }
            return false;
        });
        return found;
    }

    std::size_t first_place(const Word* row) const {
        return each_place(row, [](std::size_t) { return true; });
    }

    /// Move what `from` shares with the neighbours of place p into `to`.
    void move_star(Word* from, Word* to, std::size_t p) const {
        const Word* star = bits_.row(p);
        kernels::each_block(bits_.group_shift, mask_, [&](std::size_t w) {
            for (std::size_t k = w; k < w + block_words; ++k) {
                to[k] = from[k] & star[k];
                from[k] &= ~star[k];
            }
        });
    }

    /// Put the first vertex left over, with its neighbours, into `reached`.
    bool start_component() {
        const std::size_t seed = first_place(bits_.rest);
        if (seed == none) return false;
        move_star(bits_.rest, bits_.reached, seed);
        return true;
    }

    bool touches_reached(std::size_t p) const {
        const Word* row = bits_.row(p);
        return kernels::any_block(bits_.group_shift, mask_, [&](std::size_t w) {
            for (std::size_t k = w; k < w + block_words; ++k) {
                if (row[k] & bits_.reached[k]) return true;
            }
            return false;
        });
    }

    std::size_t next_to_reached() const {
        return each_place(bits_.rest, [&](std::size_t p) { return touches_reached(p); });
    }

    /// Vertex v sees `reached` in several pieces: one loop through v for each but the first. Then v
    /// joins.
    template <class F>
    void close_loops(std::size_t v, F&& loop) {
        kernels::Neighbourhoods inner = bits_;
        inner.reached = bits_.inner_reached;
        inner.rest = bits_.inner_rest;
        const Word* star = bits_.row(v);
        kernels::each_block(bits_.group_shift, mask_, [&](std::size_t w) {
            for (std::size_t k = w; k < w + block_words; ++k) {
                inner.rest[k] = bits_.reached[k] & star[k];
            }
        });
        const std::size_t first = first_place(inner.rest);
        for (std::size_t seed = first; seed != none; seed = first_place(inner.rest)) {
            move_star(inner.rest, inner.reached, seed);
            kernels_.absorb(inner, mask_);
            if (seed == first) continue;
            trace(first, seed);
            path_.push_back(order_[v]);
            loop(std::as_const(path_));
        }
        bits_.reached[v / 64] |= Word{1} << (v % 64);
        bits_.rest[v / 64] &= ~(Word{1} << (v % 64));
    }

    /// A shortest path of edges within `reached`, as vertices, into `path_`.
    void trace(std::size_t from, std::size_t to) {
        before_.assign(d_.n, Vertex(0));
        unseen_.assign(bits_.reached, bits_.reached + bits_.stride);
        queue_.assign(1, Vertex(from));
        unseen_[from / 64] &= ~(Word{1} << (from % 64));
        const auto is_seen = [&](std::size_t p) { return !(unseen_[p / 64] >> (p % 64) & 1); };
        for (std::size_t q = 0; q < queue_.size() && !is_seen(to); ++q) {
            const Word* star = bits_.row(queue_[q]);
            kernels::each_block(bits_.group_shift, mask_, [&](std::size_t w) {
                for (std::size_t k = w; k < w + block_words; ++k) {
                    for (Word next = unseen_[k] & star[k]; next; next &= next - 1) {
                        const std::size_t p = k * 64 + std::size_t(std::countr_zero(next));
                        before_[p] = queue_[q];
                        queue_.push_back(Vertex(p));
                    }
                    unseen_[k] &= ~star[k];
                }
            });
        }
        path_.clear();
        for (std::size_t p = to; p != from; p = before_[p]) path_.push_back(order_[p]);
        path_.push_back(order_[from]);
    }

    Dissimilarity<Real> d_;
    const KernelTable& kernels_;
    std::vector<Vertex> order_;
    std::vector<Vertex> position_;
    std::vector<Line> lines_;
    std::vector<Word> masks_;
    std::vector<Line> shadows_;
    kernels::Neighbourhoods bits_{};
    Word mask_ = 0;
    std::vector<Vertex> components_;
    std::vector<Vertex> path_, before_, queue_;
    std::vector<Word> unseen_;
};

}  // namespace topolens
