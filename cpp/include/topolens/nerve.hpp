#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace topolens {

/// Sets of points, one after the other: set k is members[offsets[k]] to members[offsets[k + 1] - 1].
struct Sets {
    std::span<const std::int64_t> offsets;
    std::span<const std::int32_t> members;

    std::size_t size() const { return offsets.size() - 1; }
    std::span<const std::int32_t> operator[](std::size_t k) const {
        return members.subspan(std::size_t(offsets[k]), std::size_t(offsets[k + 1] - offsets[k]));
    }
};

/// The sets that hold each point, ascending.
class SetsOfPoints {
public:
    SetsOfPoints(const Sets& sets, std::size_t n_points) : starts_(n_points + 1) {
        for (const std::int32_t point : sets.members) ++starts_[std::size_t(point) + 1];
        for (std::size_t point = 0; point < n_points; ++point) starts_[point + 1] += starts_[point];
        names_.resize(sets.members.size());
        std::vector<std::uint64_t> next(starts_.begin(), starts_.end() - 1);
        for (std::size_t k = 0; k < sets.size(); ++k) {
            for (const std::int32_t point : sets[k]) {
                names_[next[std::size_t(point)]++] = std::uint32_t(k);
            }
        }
    }

    std::span<const std::uint32_t> operator[](std::size_t point) const {
        return std::span(names_).subspan(starts_[point], starts_[point + 1] - starts_[point]);
    }

private:
    std::vector<std::uint64_t> starts_;
    std::vector<std::uint32_t> names_;
};

struct Overlap {
    std::int32_t first, second, shared;
};

/// Pairs of sets with common points, ascending, and how many: no pair without is looked at.
inline std::vector<Overlap> nerve(const Sets& sets, std::size_t n_points) {
    const SetsOfPoints holders(sets, n_points);
    std::vector<std::int32_t> counts(sets.size());
    std::vector<std::uint32_t> met;
    std::vector<Overlap> overlaps;
    for (std::size_t first = 0; first < sets.size(); ++first) {
        met.clear();
        for (const std::int32_t point : sets[first]) {
            const auto names = holders[std::size_t(point)];
            for (auto at = names.rbegin(); at != names.rend() && *at > first; ++at) {
                if (counts[*at]++ == 0) met.push_back(*at);
            }
        }
        std::sort(met.begin(), met.end());
        for (const std::uint32_t second : met) {
            overlaps.push_back({std::int32_t(first), std::int32_t(second), counts[second]});
            counts[second] = 0;
        }
    }
    return overlaps;
}

}  // namespace topolens
