#pragma once

#include "topolens/edges.hpp"
#include "topolens/lanes.hpp"

/// The inner loop of the engine: for every edge in order, is its lune connected?
namespace topolens::kernels {

/// Adjacency in bits, grown edge by edge. Vertices sit in an order of the engine's choosing, the
/// centre of the cloud first. `crowded[v]` has a bit for each group of blocks where v has a
/// neighbour, `lacking[v]` one where v lacks one; the latter may lag behind and then only costs
/// time. Every vertex is its own neighbour.
struct Neighbourhoods {
    Word* rows;
    std::size_t stride;     // words in a row
    unsigned group_shift;   // a group is 1 << group_shift blocks
    Word* crowded;
    Word* lacking;
    const Word* shadows;     // a block each: if two share no bit, their edge has a cone for a link
    const Vertex* position;  // place of a vertex in the order
    Word* reached;           // scratch rows: the lune, split into what the hub reaches ...
    Word* rest;              // ... and what it does not
    Word* inner_reached;     // the same for the neighbours of one vertex of the lune
    Word* inner_rest;

    Word* row(std::size_t p) const { return rows + p * stride; }
};

[[gnu::always_inline]] inline std::size_t group_of(const Neighbourhoods& nb, std::size_t place) {
    return place / block_bits >> nb.group_shift;
}

[[gnu::always_inline]] inline void insert(const Neighbourhoods& nb, std::size_t p, std::size_t q) {
    nb.row(p)[q / 64] |= Word{1} << (q % 64);
    nb.row(q)[p / 64] |= Word{1} << (p % 64);
    nb.crowded[p] |= Word{1} << group_of(nb, q);
    nb.crowded[q] |= Word{1} << group_of(nb, p);
}

/// Call f(first word of the block) for each block of the groups in `mask`, until it answers true.
template <class F>
bool any_block(unsigned group_shift, Word mask, F&& f) {
    for (; mask; mask &= mask - 1) {
        const std::size_t first = std::size_t(__builtin_ctzll(mask)) << group_shift;
        for (std::size_t b = first; b < first + (std::size_t{1} << group_shift); ++b) {
            if (f(b * block_words)) return true;
        }
    }
    return false;
}

template <class F>
void each_block(unsigned group_shift, Word mask, F&& f) {
    any_block(group_shift, mask, [&](std::size_t w) { f(w); return false; });
}

/// Move what can be reached from `reached` through the lune out of `rest`; is `rest` empty then?
/// A vertex that is reached brings its whole neighbourhood, which matters where loops live long.
template <class S>
bool absorb(const Neighbourhoods& nb, Word mask) {
    using B = typename S::Block;
    bool left = true;
    for (bool moved = true; moved && left;) {
        moved = left = false;
        for (Word m = mask; m; m &= m - 1) {
            const std::size_t first = (std::size_t(__builtin_ctzll(m)) << nb.group_shift) * block_words;
            const std::size_t last = first + (block_words << nb.group_shift);
            for (std::size_t w = first; w < last; ++w) {
                for (Word bits = nb.rest[w]; bits;) {
                    const std::size_t v = w * 64 + std::size_t(__builtin_ctzll(bits));
                    bits &= bits - 1;
                    const Word* row = nb.row(v);
                    const Word shared = mask & nb.crowded[v];
                    const bool hit = any_block(nb.group_shift, shared, [&](std::size_t b) {
                        return (B::load(row + b) & B::load(nb.reached + b)).any();
                    });
                    if (!hit) {
                        left = true;
                        continue;
                    }
                    moved = true;
                    each_block(nb.group_shift, shared, [&](std::size_t b) {
                        const B here = B::load(row + b), waiting = B::load(nb.rest + b);
                        (B::load(nb.reached + b) | (here & waiting)).store(nb.reached + b);
                        waiting.without(here).store(nb.rest + b);
                    });
                    bits &= nb.rest[w];
                }
            }
        }
    }
    return !left;
}

/// The first vertex that rows a and b share within the groups of `mask`, which then loses the
/// groups before it; `none` if there is no such vertex.
template <class S>
std::size_t first_shared(const Neighbourhoods& nb, const Word* a, const Word* b, Word& mask) {
    using B = typename S::Block;
    std::size_t found = none;
    any_block(nb.group_shift, mask, [&](std::size_t w) {
        const B both = B::load(a + w) & B::load(b + w);
        if (!both.any()) return false;
        Word words[block_words];
        both.store(words);
        std::size_t k = 0;
        while (!words[k]) ++k;
        found = (w + k) * 64 + std::size_t(__builtin_ctzll(words[k]));
        return true;
    });
    if (found != none) mask &= ~Word{0} << group_of(nb, found);
    return found;
}

/// Split what rows a and b share into neighbours of the hub, `reached`, and the `rest`.
template <class S>
void split_at_hub(const Neighbourhoods& nb, const Word* a, const Word* b, const Word* hub,
                  Word mask) {
    using B = typename S::Block;
    each_block(nb.group_shift, mask, [&](std::size_t w) {
        const B both = B::load(a + w) & B::load(b + w);
        const B near = B::load(hub + w);
        (both & near).store(nb.reached + w);
        both.without(near).store(nb.rest + w);
    });
}

/// Is the lune of the edge between places p and q connected (or empty)? Otherwise `reached` and
/// `rest` hold one component and the others, in the blocks of `mask`.
template <class S>
bool is_lune_connected(const Neighbourhoods& nb, std::size_t p, std::size_t q, Word& mask) {
    using B = typename S::Block;
    const Word* a = nb.row(p);
    const Word* b = nb.row(q);
    mask = nb.crowded[p] & nb.crowded[q];
    const std::size_t hub = first_shared<S>(nb, a, b, mask);
    if (hub == none) return true;
    const Word* h = nb.row(hub);
    const auto meets_hub = [&](const Word* row, Word crowded) {
        return any_block(nb.group_shift, mask & crowded, [&](std::size_t w) {
            return (B::load(a + w) & B::load(b + w) & (B::load(h + w) & B::load(row + w))).any();
        });
    };

    // A hub next to the whole lune makes it a cone, so only the hub's gaps need a look. Most
    // vertices there share a neighbour of the lune with the hub, among its first few; such a
    // vertex brings its own neighbours along.
    std::size_t gaps[max_blocks];
    std::size_t n_gaps = 0;
    each_block(nb.group_shift, mask & nb.lacking[hub], [&](std::size_t w) {
        const B gap = (B::load(a + w) & B::load(b + w)).without(B::load(h + w));
        gap.store(nb.rest + w);
        gaps[n_gaps] = w;
        n_gaps += gap.any();
    });
    const auto remove_star = [&](const Word* row) {
        std::size_t kept = 0;
        for (std::size_t g = 0; g < n_gaps; ++g) {
            Word* left = nb.rest + gaps[g];
            const B still = B::load(left).without(B::load(row + gaps[g]));
            still.store(left);
            gaps[kept] = gaps[g];
            kept += still.any();
        }
        n_gaps = kept;
    };
    // The vertices placed next to the hub are nearly as central, and their rows are at hand.
    const std::size_t first = hub / 64;
    Word seconds = a[first] & b[first] & h[first] & ~(Word{1} << (hub % 64));
    for (int k = 0; k < 3 && seconds && n_gaps > 0; ++k, seconds &= seconds - 1) {
        remove_star(nb.row(first * 64 + std::size_t(__builtin_ctzll(seconds))));
    }
    bool joined = true;
    for (std::size_t g = 0; g < n_gaps && joined; ++g) {
        for (std::size_t w = gaps[g]; w < gaps[g] + block_words && joined; ++w) {
            while (nb.rest[w]) {
                const std::size_t v = w * 64 + std::size_t(__builtin_ctzll(nb.rest[w]));
                const Word* row = nb.row(v);
                if (!meets_hub(row, nb.crowded[v])) {
                    joined = false;
                    break;
                }
                for (std::size_t r = g; r < n_gaps; ++r) {
                    Word* left = nb.rest + gaps[r];
                    B::load(left).without(B::load(row + gaps[r])).store(left);
                }
            }
        }
    }
    if (joined) return true;
    split_at_hub<S>(nb, a, b, h, mask);
    return absorb<S>(nb, mask);
}

/// Is N(v) within `reached` connected and not empty?
template <class S>
bool meets_in_one_piece(const Neighbourhoods& nb, std::size_t v, Word mask) {
    using B = typename S::Block;
    const Word* row = nb.row(v);
    mask &= nb.crowded[v];
    const std::size_t hub = first_shared<S>(nb, row, nb.reached, mask);
    if (hub == none) return false;
    const Word* h = nb.row(hub);
    const bool cone = !any_block(nb.group_shift, mask & nb.lacking[hub], [&](std::size_t w) {
        return (B::load(row + w) & B::load(nb.reached + w)).without(B::load(h + w)).any();
    });
    if (cone) return true;
    Neighbourhoods inner = nb;
    inner.reached = nb.inner_reached;
    inner.rest = nb.inner_rest;
    split_at_hub<S>(inner, row, nb.reached, h, mask);
    return absorb<S>(inner, mask);
}

/// Move into `reached` what keeps it free of loops (Mayer-Vietoris: a vertex whose neighbours in
/// `reached` are connected starts no class of H1) until nothing more can; is `rest` empty then?
template <class S>
bool absorb_without_loops(const Neighbourhoods& nb, Word mask) {
    bool left = true;
    for (bool moved = true; moved && left;) {
        moved = left = false;
        each_block(nb.group_shift, mask, [&](std::size_t block) {
            for (std::size_t w = block; w < block + block_words; ++w) {
                for (Word bits = nb.rest[w]; bits; bits &= bits - 1) {
                    const std::size_t v = w * 64 + std::size_t(__builtin_ctzll(bits));
                    if (!meets_in_one_piece<S>(nb, v, mask)) {
                        left = true;
                        continue;
                    }
                    moved = true;
                    nb.reached[w] |= Word{1} << (v % 64);
                    nb.rest[w] &= ~(Word{1} << (v % 64));
                }
            }
        });
    }
    return !left;
}

/// Is the link of the edge between places p and q empty, or connected and without loops, as far
/// as adding vertex by vertex can tell?
template <class S>
bool is_link_trivial(const Neighbourhoods& nb, std::size_t p, std::size_t q, Word& mask) {
    using B = typename S::Block;
    const Word* a = nb.row(p);
    const Word* b = nb.row(q);
    mask = nb.crowded[p] & nb.crowded[q];
    const std::size_t hub = first_shared<S>(nb, a, b, mask);
    if (hub == none) return true;
    const Word* h = nb.row(hub);
    const bool cone = !any_block(nb.group_shift, mask & nb.lacking[hub], [&](std::size_t w) {
        return (B::load(a + w) & B::load(b + w)).without(B::load(h + w)).any();
    });
    if (cone) return true;
    split_at_hub<S>(nb, a, b, h, mask);
    return absorb_without_loops<S>(nb, mask);
}

template <class S>
bool shadows_meet(const Neighbourhoods& nb, std::size_t p, std::size_t q) {
    using B = typename S::Block;
    return (B::load(nb.shadows + p * block_words) & B::load(nb.shadows + q * block_words)).any();
}

/// Ask for what the test of an edge a little later will read; the rows seldom fit a near cache.
[[gnu::always_inline]] inline void prefetch_lune(const Neighbourhoods& nb, Vertex i, Vertex j) {
    const std::size_t p = nb.position[i], q = nb.position[j];
    const Word* a = nb.row(p);
    const Word* b = nb.row(q);
    __builtin_prefetch(a + q / 64, 1);
    __builtin_prefetch(b + p / 64, 1);
    const Word shared = nb.crowded[p] & nb.crowded[q];
    each_block(nb.group_shift, (shared & nb.lacking[0]) | (shared & -shared), [&](std::size_t w) {
        __builtin_prefetch(a + w);
        __builtin_prefetch(b + w);
    });
}

/// Insert the edges from `begin` on, in order, up to the first whose lune falls apart or, with
/// `links`, whose link may have a loop; that one is left to the caller. Returns its place, or
/// `end`.
template <class S, typename Real>
std::size_t sweep(const Neighbourhoods& nb, const Edge<Real>* edges, std::size_t begin,
                  std::size_t end, bool links, Word& mask) {
    constexpr std::size_t ahead = 12;
    for (std::size_t e = begin; e < end; ++e) {
        if (e + ahead < end) prefetch_lune(nb, edges[e + ahead].i, edges[e + ahead].j);
        const std::size_t p = nb.position[edges[e].i], q = nb.position[edges[e].j];
        const bool trivial = !shadows_meet<S>(nb, p, q) ||
                             (links ? is_link_trivial<S>(nb, p, q, mask)
                                    : is_lune_connected<S>(nb, p, q, mask));
        if (!trivial) return e;
        insert(nb, p, q);
    }
    return end;
}

/// Recompute which groups of each row still lack a neighbour.
template <class S>
void refresh_lacking(const Neighbourhoods& nb, std::size_t n) {
    using B = typename S::Block;
    Word ones[block_words], last[block_words];
    for (Word& w : ones) w = ~Word{0};
    const std::size_t blocks = (n + block_bits - 1) / block_bits;
    for (std::size_t k = 0; k < block_words; ++k) {
        const std::size_t at = (blocks - 1) * block_bits + k * 64;
        last[k] = n >= at + 64 ? ~Word{0} : n > at ? (Word{1} << (n - at)) - 1 : Word{0};
    }
    for (std::size_t v = 0; v < n; ++v) {
        Word lacking = 0;
        for (std::size_t b = 0; b < blocks; ++b) {
            const B wanted = B::load(b + 1 < blocks ? ones : last);
            if (wanted.without(B::load(nb.row(v) + b * block_words)).any()) {
                lacking |= Word{1} << (b >> nb.group_shift);
            }
        }
        nb.lacking[v] = lacking;
    }
}

/// target ^= source over `words` words, a multiple of the block.
template <class S>
void add_column(Word* target, const Word* source, std::size_t words) {
    using B = typename S::Block;
    for (std::size_t w = 0; w < words; w += block_words) {
        (B::load(target + w) ^ B::load(source + w)).store(target + w);
    }
}

}  // namespace topolens::kernels
