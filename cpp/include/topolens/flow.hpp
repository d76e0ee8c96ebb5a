#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "topolens/columns.hpp"
#include "topolens/kernel_table.hpp"

namespace topolens {

/// Discrete Morse flow on edges. Every edge with a lune is matched with the triangle of its apex
/// and flows to the two earlier sides; edges of the spanning forest vanish; the other edges of the
/// relative neighbourhood graph are critical: the generators of H1. The image of a cycle names its
/// class. The minimax apex halves the scale at each step, so few edges are met.
template <typename Real>
class EdgeFlow {
public:
    EdgeFlow(Dissimilarity<Real> d, const KernelTable& kernels)
        : d_(d), rows_(kernels.rows<Real>()), slots_(1024, Slot{empty, 0}) {}

    void add_tree_edge(const Edge<Real>& e) { store(e.pair(), vanishes); }
    void add_generator(const Edge<Real>& e, std::size_t g) {
        store(e.pair(), critical | std::uint32_t(g));
    }

    void push(std::size_t a, std::size_t b) {
        heap_.push_back(edge_between(d_, a, b));
        std::push_heap(heap_.begin(), heap_.end());
    }

    /// Flow everything pushed and flip the generators it reaches.
    void drain(BitColumns& columns) {
        while (!heap_.empty()) {
            const Edge<Real> e = heap_.front();
            bool odd = false;
            while (!heap_.empty() && heap_.front() == e) {
                pop();
                odd = !odd;
            }
            if (!odd) continue;
            const std::uint32_t kind = apex_of(e);
            if (kind == vanishes) continue;
            if (kind & critical) {
                columns.flip(kind & ~critical);
            } else {
                push(e.i, kind);
                push(kind, e.j);
            }
        }
    }

    /// The apex of an edge with a lune, remembered.
    std::uint32_t apex_of(const Edge<Real>& e) {
        const Slot& s = slot(e.pair());
        if (s.pair != empty) return s.kind;
        const auto k = std::uint32_t(rows_.apex(d_.row(e.i), d_.row(e.j), d_.n, e.i, e.j));
        store(e.pair(), k);
        return k;
    }

private:
    static constexpr std::uint32_t critical = 1u << 31;
    static constexpr std::uint32_t vanishes = (1u << 31) - 1;
    static constexpr std::uint32_t empty = 0;  // no edge is (0, 0)

    struct Slot {
        std::uint32_t pair;
        std::uint32_t kind;
    };

    void pop() {
        std::pop_heap(heap_.begin(), heap_.end());
        heap_.pop_back();
    }

    Slot& slot(std::uint32_t pair) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = (pair * 0x9E3779B97F4A7C15u >> 29) & mask;
        while (slots_[at].pair != empty && slots_[at].pair != pair) at = (at + 1) & mask;
        return slots_[at];
    }

    void store(std::uint32_t pair, std::uint32_t kind) {
        if (++used_ * 2 > slots_.size()) grow();
        slot(pair) = {pair, kind};
    }

    void grow() {
        std::vector<Slot> old(slots_.size() * 2, Slot{empty, 0});
        old.swap(slots_);
        for (const Slot& s : old) {
            if (s.pair != empty) slot(s.pair) = s;
        }
    }

    Dissimilarity<Real> d_;
    const RowTable<Real>& rows_;
    std::vector<Slot> slots_;
    std::size_t used_ = 0;
    std::vector<Edge<Real>> heap_;
};

}  // namespace topolens
