#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
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
        : d_(d), limit_(limit), capacity_(capacity), rows_(kernels.rows<Real>()),
          target_(std::max<std::size_t>(16 * d.n, 8192)) {
        draw_sample();
    }

    /// Fill `slab` with the next edges, sorted. False when there are none left.
    bool next(std::vector<Edge<Real>>& slab) {
        slab.clear();
        while (slab.empty() && low_ <= limit_) fill(slab);
        sort_by_value(slab, spare_);
        return !slab.empty();
    }

    /// The share of all edges that lies below the last slab's end, by the sample.
    double share() const {
        if (sample_.empty()) return 1.0;
        const auto below = std::lower_bound(sample_.begin(), sample_.end(), low_);
        return double(below - sample_.begin()) / double(sample_.size());
    }

private:
    static constexpr std::size_t sample_size = 1 << 14;

    void draw_sample() {
        std::uint64_t state = 1;
        const auto draw = [&state](std::size_t bound) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            return std::size_t((state >> 33) % bound);
        };
        if (d_.n < 2) return;
        for (std::size_t s = 0; s < sample_size; ++s) {
            const std::size_t i = draw(d_.n), j = draw(d_.n);
            if (i != j && d_(i, j) <= limit_) sample_.push_back(d_(i, j));
        }
        std::sort(sample_.begin(), sample_.end());
        in_limit_ = double(d_.n) * double(d_.n - 1) / 2 * double(sample_.size()) / sample_size;
    }

    Real next_cut() {
        passed_ += double(target_);
        target_ = std::min(2 * target_, capacity_ / 2);
        const double at = std::ceil(passed_ / std::max(in_limit_, 1.0) * double(sample_.size()));
        if (!(at < double(sample_.size()))) return limit_;
        return std::max(low_, sample_[std::size_t(at)]);
    }

    /// Select all edges between `low_` and the next cut; lower the cut whenever too many came.
    void fill(std::vector<Edge<Real>>& slab) {
        Real high = next_cut();
        slab.resize(capacity_ + d_.n);
        std::size_t size = 0;
        for (std::size_t i = 0; i + 1 < d_.n; ++i) {
            const Real low = i < resume_row_ ? after(low_) : low_;
            if (low > high) continue;
            size += rows_.select(d_.row(i), d_.n, i, low, high, slab.data() + size);
            if (size <= capacity_) continue;
            if (is_one_value(slab, size) && slab[0].value() == low_) {
                slab.resize(size);
                resume_row_ = i + 1;
                return;
            }
            high = lowered(slab, size);
            const auto last = slab.begin() + std::ptrdiff_t(size);
            size = std::size_t(std::remove_if(slab.begin(), last,
                                              [high](auto& e) { return e.value() > high; }) -
                               slab.begin());
        }
        slab.resize(size);
        low_ = after(high);
        resume_row_ = 0;
    }

    static bool is_one_value(const std::vector<Edge<Real>>& slab, std::size_t size) {
        return std::all_of(slab.begin(), slab.begin() + std::ptrdiff_t(size),
                           [&](auto& e) { return e.bits == slab[0].bits; });
    }

    /// A new upper cut that drops at least the largest value and about half of the edges.
    static Real lowered(const std::vector<Edge<Real>>& slab, std::size_t size) {
        std::vector<Bits<Real>> bits(size);
        std::transform(slab.begin(), slab.begin() + std::ptrdiff_t(size), bits.begin(),
                       [](auto& e) { return e.bits; });
        const auto middle = bits.begin() + std::ptrdiff_t(size / 2);
        std::nth_element(bits.begin(), middle, bits.end());
        if (*middle < *std::max_element(middle, bits.end())) return real_of<Real>(*middle);
        return real_of<Real>(*middle - 1);
    }

    static Real after(Real x) { return std::nextafter(x, std::numeric_limits<Real>::infinity()); }

    Dissimilarity<Real> d_;
    Real limit_;
    std::size_t capacity_;
    const RowTable<Real>& rows_;
    std::vector<Edge<Real>> spare_;
    std::vector<Real> sample_;
    double in_limit_ = 0;
    double passed_ = 0;
    std::size_t target_;
    Real low_ = 0;
    std::size_t resume_row_ = 0;
};

}  // namespace topolens
