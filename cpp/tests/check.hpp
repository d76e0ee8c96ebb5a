#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace topolens::tests {

/// Stop with the place and the sentence unless `holds`.
inline void check(bool holds, const char* sentence, const char* file, int line) {
    if (holds) return;
    std::fprintf(stderr, "%s:%d: %s\n", file, line, sentence);
    std::exit(1);
}

inline bool near(double a, double b) { return std::abs(a - b) <= 1e-12 * (1 + std::abs(a)); }

}  // namespace topolens::tests

#define CHECK(condition) topolens::tests::check((condition), #condition, __FILE__, __LINE__)
