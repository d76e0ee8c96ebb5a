#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <vector>

#include "topolens/nerve.hpp"
#include "topolens/parallel.hpp"

namespace topolens {

/// Points with equal rows, taken for one: they are at the same distance to any other, so each pair
/// of rows is measured once however many points share them.
class DistinctRows {
public:
    /// Points whose `values` differ are told apart too; n_values numbers for each point, or none.
    template <typename Real>
    DistinctRows(const Real* points, std::size_t n, std::size_t d, std::span<const double> values,
                 std::size_t n_values, std::size_t threads)
        : row_of_(n) {
        const auto row = [&](std::size_t i) { return points + i * d; };
        const auto value = [&](std::size_t i) { return values.data() + i * n_values; };
        std::vector<std::uint64_t> hashes(n);
        in_row_bands(n, threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                hashes[i] = hash(value(i), n_values, hash(row(i), d, 0));
            }
        });
        const auto equal = [&](std::uint32_t i, std::uint32_t j) {
            return std::equal(row(i), row(i) + d, row(j)) &&
                   std::equal(value(i), value(i) + n_values, value(j));
        };
        std::vector<std::uint32_t> by_hash(n);
        std::iota(by_hash.begin(), by_hash.end(), std::uint32_t(0));
        std::sort(by_hash.begin(), by_hash.end(), [&](std::uint32_t i, std::uint32_t j) {
            return hashes[i] != hashes[j] ? hashes[i] < hashes[j] : i < j;
        });
        std::vector<std::uint32_t> first_of(n);
        std::vector<std::uint32_t> firsts;  // of one hash; nearly always a single one
        for (std::size_t k = 0; k < n; ++k) {
            const std::uint32_t i = by_hash[k];
            if (k == 0 || hashes[i] != hashes[by_hash[k - 1]]) firsts.clear();
            const auto same = std::find_if(firsts.begin(), firsts.end(),
                                           [&](std::uint32_t first) { return equal(first, i); });
            first_of[i] = same != firsts.end() ? *same : i;
            if (first_of[i] == i) firsts.push_back(i);
        }
        for (std::uint32_t i = 0; i < n; ++i) {
            if (first_of[i] == i) firsts_.push_back(i);
            row_of_[i] = first_of[i] == i ? std::uint32_t(firsts_.size() - 1) : row_of_[first_of[i]];
        }
    }

    std::size_t count() const { return firsts_.size(); }
    std::size_t n_points() const { return row_of_.size(); }
    /// The distinct row of a point; rows are numbered by their first points.
    std::uint32_t row_of(std::size_t point) const { return row_of_[point]; }
    /// The first point of each distinct row, ascending.
    const std::vector<std::uint32_t>& firsts() const { return firsts_; }

private:
    /// Equal numbers have equal hashes, both zeros among them.
    template <typename T>
    static std::uint64_t hash(const T* numbers, std::size_t count, std::uint64_t hashed) {
        for (std::size_t f = 0; f < count; ++f) {
            const double number = double(numbers[f]) + 0.0;
            std::uint64_t bits;
            std::memcpy(&bits, &number, sizeof bits);
            hashed = (hashed ^ bits) * 0x9E3779B97F4A7C15u;
            hashed ^= hashed >> 32;
        }
        return hashed;
    }

    std::vector<std::uint32_t> row_of_;
    std::vector<std::uint32_t> firsts_;
};

/// Sets of points as sets of their distinct rows, ascending.
class SetsOfRows {
public:
    SetsOfRows(const Sets& sets, const DistinctRows& distinct) : offsets_{0} {
        members_.reserve(sets.members.size());
        for (std::size_t k = 0; k < sets.size(); ++k) {
            for (const std::int32_t point : sets[k]) {
                members_.push_back(std::int32_t(distinct.row_of(std::size_t(point))));
            }
            const auto begin = members_.begin() + offsets_.back();
            std::sort(begin, members_.end());
            members_.erase(std::unique(begin, members_.end()), members_.end());
            offsets_.push_back(std::int64_t(members_.size()));
        }
    }

    Sets sets() const { return {offsets_, members_}; }

private:
    std::vector<std::int64_t> offsets_;
    std::vector<std::int32_t> members_;
};

}  // namespace topolens
