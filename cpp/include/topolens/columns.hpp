#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "topolens/kernel_table.hpp"

namespace topolens {

/// Gaussian elimination over Z/2 on dense columns of bits, one coordinate for each generator in
/// the order of birth. A column is stored under its highest coordinate, the youngest class it
/// kills (elder rule), and is no longer than that.
class BitColumns {
public:
    explicit BitColumns(const KernelTable& kernels) : add_(kernels.add_column) {}

    /// One more coordinate, younger than all before; returns its number.
    std::size_t add_generator() {
        stored_.emplace_back();
        died_.push_back(none);
        if (padded(stored_.size()) > work_.size()) work_.resize(padded(stored_.size()));
        ++alive_;
        return stored_.size() - 1;
    }

    std::size_t alive() const { return alive_; }
    bool is_dead(std::size_t g) const { return stored_[g] != nullptr; }

    void flip(std::size_t g) {
        work_[g / 64] ^= Word{1} << (g % 64);
        if (top_ == none || g > top_) top_ = g;
    }

    /// The coordinates of the reduced column that killed g; g alone if it is alive.
    std::vector<std::size_t> coordinates(std::size_t g) const {
        if (!is_dead(g)) return {g};
        std::vector<std::size_t> set;
        for (std::size_t k = 0; k <= g; ++k) {
            if (stored_[g][k / 64] >> (k % 64) & 1) set.push_back(k);
        }
        return set;
    }

    /// Does the column flipped together so far vanish with those stored no later than that of g?
    /// A column that contains an immortal g never vanishes, as its class should. Clears it.
    bool vanishes_by(std::size_t g) {
        bool vanishes = true;
        for (std::size_t k = top_ == none ? 0 : top_ + 1; k-- > 0 && vanishes;) {
            if (!(work_[k / 64] >> (k % 64) & 1)) continue;
            if (!is_dead(g)) break;
            vanishes = is_dead(k) && died_[k] <= died_[g];
            if (vanishes) add_(work_.data(), stored_[k].get(), padded(k + 1));
        }
        std::fill(work_.begin(), work_.end(), Word{0});
        top_ = none;
        return vanishes;
    }

    /// Reduce the column flipped together so far; returns the class it kills, or `none`.
    std::size_t reduce() {
        const std::size_t killed = descend();
        if (killed != none) {
            const std::size_t words = padded(killed + 1);
            stored_[killed] = std::make_unique_for_overwrite<Word[]>(words);
            std::copy_n(work_.begin(), words, stored_[killed].get());
            died_[killed] = n_dead_++;
            std::fill_n(work_.begin(), words, Word{0});
            --alive_;
        }
        top_ = none;
        return killed;
    }

private:
    static std::size_t padded(std::size_t bits) {
        return (bits + block_bits - 1) / block_bits * block_words;
    }

    std::size_t descend() {
        if (top_ == none) return none;
        for (std::size_t w = top_ / 64 + 1; w-- > 0;) {
            while (work_[w] != 0) {
                const std::size_t g = w * 64 + 63 - std::size_t(std::countl_zero(work_[w]));
                if (!is_dead(g)) return g;
                add_(work_.data(), stored_[g].get(), padded(g + 1));
            }
        }
        return none;
    }

    decltype(KernelTable::add_column) add_;
    std::vector<Word> work_;
    std::vector<std::unique_ptr<Word[]>> stored_;
    std::size_t alive_ = 0;
    std::size_t top_ = none;
    std::vector<std::size_t> died_;  // when, counted in deaths
    std::size_t n_dead_ = 0;
};

}  // namespace topolens
