#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace topolens {

/// The points moved by a vector and scaled by a power of two, so that single precision holds their
/// squares: what every bound is computed from. Differences of two rows are those of the cloud.
template <typename Real>
class CentredCloud {
public:
    /// Only the points of `rows` are of the cloud; point i is row rows[i].
    CentredCloud(const Real* points, std::size_t d, const std::vector<std::uint32_t>& rows)
        : points_(points), rows_(rows), d_(d), centre_(d) {
        for (std::size_t i = 0; i < size(); ++i) {
            for (std::size_t f = 0; f < d; ++f) centre_[f] += double(row(i)[f]) / double(size());
        }
        double most = 0;
        for (std::size_t i = 0; i < size(); ++i) {
            for (std::size_t f = 0; f < d; ++f) {
                most = std::max(most, std::abs(double(row(i)[f]) - centre_[f]));
            }
        }
        int exponent = 0;
        std::frexp(most, &exponent);
        scale_ = most > 0 ? std::ldexp(1.0, std::clamp(-exponent, -500, 500)) : 1.0;
    }

    std::size_t size() const { return rows_.size(); }
    std::size_t features() const { return d_; }
    double scale() const { return scale_; }
    const Real* row(std::size_t i) const { return points_ + rows_[i] * d_; }
    float at(std::size_t i, std::size_t f) const {
        return float((double(row(i)[f]) - centre_[f]) * scale_);
    }

private:
    const Real* points_;
    const std::vector<std::uint32_t>& rows_;
    std::size_t d_;
    std::vector<double> centre_;
    double scale_;
};

/// A few places amid the cloud. By the triangle inequality two points are at least as far apart as
/// their distances to a pivot differ, so near pairs are looked for among alike rows only.
class Pivots {
public:
    static constexpr std::size_t count = 32;

    /// The means of a sample's clusters; which ones they are changes the time and nothing else.
    template <typename Real>
    explicit Pivots(const CentredCloud<Real>& cloud)
        : d_(cloud.features()), by_feature_(d_ * count) {
        const std::size_t n = std::min<std::size_t>(cloud.size(), n_sample);
        std::vector<float> sample(n * d_);
        for (std::size_t s = 0; s < n; ++s) {
            for (std::size_t f = 0; f < d_; ++f) {
                sample[s * d_ + f] = cloud.at(s * cloud.size() / n, f);
            }
        }
        choose(sample, n);
        for (std::size_t round = 0; round < n_rounds; ++round) move_to_means(sample, n);
    }

    /// Distances of one point to all pivots.
    template <class Feature>
    void distances(Feature&& at, float* out) const {
        float sums[count] = {};
        for (std::size_t f = 0; f < d_; ++f) {
            const float x = at(f);
            const float* pivots = by_feature_.data() + f * count;
            for (std::size_t v = 0; v < count; ++v) sums[v] += (x - pivots[v]) * (x - pivots[v]);
        }
        for (std::size_t v = 0; v < count; ++v) out[v] = std::sqrt(sums[v]);
    }

private:
    static constexpr std::size_t n_sample = 2048, n_rounds = 4;

    /// Each next one with the odds of its squared distance to those before (k-means++).
    void choose(const std::vector<float>& sample, std::size_t n) {
        std::mt19937 random(0);
        std::vector<double> reach(n, std::numeric_limits<double>::infinity());
        std::size_t chosen = 0;
        for (std::size_t v = 0; v < count; ++v) {
            double total = 0;
            for (std::size_t f = 0; f < d_; ++f) {
                by_feature_[f * count + v] = sample[chosen * d_ + f];
            }
            for (std::size_t s = 0; s < n; ++s) {
                double square = 0;
                for (std::size_t f = 0; f < d_; ++f) {
                    const double gap = sample[s * d_ + f] - sample[chosen * d_ + f];
                    square += gap * gap;
                }
                reach[s] = std::min(reach[s], square);
                total += reach[s];
            }
            double left = total * (double(random()) / 4294967296.0);
            chosen = 0;
            while (chosen + 1 < n && (left -= reach[chosen]) > 0) ++chosen;
        }
    }

    void move_to_means(const std::vector<float>& sample, std::size_t n) {
        std::vector<double> sums(count * d_);
        std::vector<std::size_t> sizes(count);
        for (std::size_t s = 0; s < n; ++s) {
            float gaps[count];
            const float* row = sample.data() + s * d_;
            distances([row](std::size_t f) { return row[f]; }, gaps);
            const std::size_t v = std::size_t(std::min_element(gaps, gaps + count) - gaps);
            ++sizes[v];
            for (std::size_t f = 0; f < d_; ++f) sums[v * d_ + f] += row[f];
        }
        for (std::size_t v = 0; v < count; ++v) {
            for (std::size_t f = 0; f < d_ && sizes[v]; ++f) {
                by_feature_[f * count + v] = float(sums[v * d_ + f] / double(sizes[v]));
            }
        }
    }

    std::size_t d_;
    std::vector<float> by_feature_;
};

}  // namespace topolens
