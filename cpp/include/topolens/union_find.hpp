#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

namespace topolens {

/// Disjoint sets of 0 to n - 1. The root of a set is its smallest member.
class UnionFind {
public:
    explicit UnionFind(std::size_t n) : parent_(n) {
        std::iota(parent_.begin(), parent_.end(), std::uint32_t(0));
    }

    std::uint32_t root(std::uint32_t member) {
        while (parent_[member] != member) {
            parent_[member] = parent_[parent_[member]];
            member = parent_[member];
        }
        return member;
    }

    /// Join the sets of two members; false if they were one already.
    bool join(std::uint32_t first, std::uint32_t second) {
        first = root(first);
        second = root(second);
        if (first == second) return false;
        if (first > second) std::swap(first, second);
        parent_[second] = first;
        return true;
    }

private:
    std::vector<std::uint32_t> parent_;
};

}  // namespace topolens
