#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "topolens/kernel_table.hpp"

namespace topolens {

/// The edges of length at most `limit` in order, a slab at a time, so that no more than about
/// `capacity` of them are ever held. Slabs start small, because the classes of most clouds are all
/// dead after a fraction of the edges.
template <typename Real>
class EdgeStream {
public:
    EdgeStream(Dissimilarity<Real> d, Real limit, std::size_t capacity, const KernelTable& kernels)
        : d_(d), limit_(limit), capacity_(std::min(capacity, d.n * d.n / 2)),
          rows_(kernels.rows<Real>()), slab_(buffer(capacity_ + d.n + 16)),
          spare_(buffer(capacity_ + d.n + 16)), target_(std::max<std::size_t>(16 * d.n, 8192)) {
        draw_sample();
    }

    /// The next edges, sorted; empty when there are none left. Valid until the next call.
    std::span<const Edge<Real>> next() {
        std::size_t size = 0;
        while (size == 0 && low_ <= limit_) size = fill();
        const std::span<Edge<Real>> slab(slab_.get(), size);
        sort_by_value<Real>(slab, spare_.get());
        return slab;
    }

    /// The share of all edges that lies below the last slab's end, by the sample.
    double share() const {
        if (sample_.empty()) return 1.0;
        const auto below = std::lower_bound(sample_.begin(), sample_.end(), low_);
        return double(below - sample_.begin()) / double(sample_.size());
    }

private:

    void draw_sample() {
        std::uint64_t state = 1;
        const auto draw = [&state](std::size_t bound) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            return std::size_t((state >> 33) % bound);
        };
        if (d_.n < 2) return;
        const std::size_t sample_size = std::min<std::size_t>(1 << 14, 4 * d_.n);
        for (std::size_t s = 0; s < sample_size; ++s) {
            const std::size_t i = draw(d_.n), j = draw(d_.n);
            if (i != j && d_(i, j) <= limit_) sample_.push_back(d_(i, j));
        }
        std::sort(sample_.begin(), sample_.end());
        in_limit_ = double(d_.n) * double(d_.n - 1) / 2 * double(sample_.size()) / double(sample_size);
    }

    Real next_cut() {
        passed_ += double(target_);
        target_ = std::min(2 * target_, capacity_ - capacity_ / 8);
        const double at = std::ceil(passed_ / std::max(in_limit_, 1.0) * double(sample_.size()));
        if (!(at < double(sample_.size()))) return limit_;
        return std::max(low_, sample_[std::size_t(at)]);
    }

    /// Select all edges between `low_` and the next cut; lower the cut whenever too many came.
    std::size_t fill() {
        Real high = next_cut();
        std::size_t size = 0;
        for (std::size_t i = 0; i + 1 < d_.n; ++i) {
            const Real low = i < resume_row_ ? after(low_) : low_;
            if (low > high) continue;
            size += rows_.select(d_.row(i), d_.n, i, low, high, slab_.get() + size);
            if (size <= capacity_) continue;
            if (is_one_value(size) && slab_[0].value() == low_) {
                resume_row_ = i + 1;
                return size;
            }
            high = lowered(size);
            const auto last = slab_.get() + size;
            const auto is_late = [high](auto& e) { return e.value() > high; };
            size = std::size_t(std::remove_if(slab_.get(), last, is_late) - slab_.get());
        }
        low_ = after(high);
        resume_row_ = 0;
        return size;
    }

    bool is_one_value(std::size_t size) const {
        return std::all_of(slab_.get(), slab_.get() + size,
                           [&](auto& e) { return e.bits == slab_[0].bits; });
    }

    /// A new upper cut that drops at least the largest value and about half of the edges.
    Real lowered(std::size_t size) const {
        std::vector<Bits<Real>> bits(size);
        std::transform(slab_.get(), slab_.get() + size, bits.begin(),
                       [](auto& e) { return e.bits; });
        const auto middle = bits.begin() + std::ptrdiff_t(size / 2);
        std::nth_element(bits.begin(), middle, bits.end());
        if (*middle < *std::max_element(middle, bits.end())) return real_of<Real>(*middle);
        return real_of<Real>(*middle - 1);
    }

    using Buffer = std::unique_ptr<Edge<Real>[]>;

    static Buffer buffer(std::size_t size) {
        return std::make_unique_for_overwrite<Edge<Real>[]>(size);
    }

    static Real after(Real x) { return std::nextafter(x, std::numeric_limits<Real>::infinity()); }

    Dissimilarity<Real> d_;
    Real limit_;
    std::size_t capacity_;
    const RowTable<Real>& rows_;
    Buffer slab_;
    Buffer spare_;
    std::vector<Real> sample_;
    double in_limit_ = 0;
    double passed_ = 0;
    std::size_t target_;
    Real low_ = 0;
    std::size_t resume_row_ = 0;
};

}  // namespace topolens
