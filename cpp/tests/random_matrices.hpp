#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

namespace topolens::tests {

/// Symmetric matrices with a zero diagonal of the kinds that break engines: ties, zeros, infinite
/// entries, duplicates, no triangle inequality.
template <typename Real>
std::vector<Real> random_matrix(std::mt19937_64& random, std::size_t n) {
    const unsigned kind = random() % 7;
    const unsigned levels = 1 + random() % 5;
    std::vector<Real> x(3 * n);
    for (Real& v : x) v = Real(random() % (kind == 4 ? 3 : 1000)) / 7;
    std::vector<Real> d(n * n, 0);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = i + 1; j < n; ++j) {
            Real value = Real(random() % (1u << 20)) / 1024;
            if (kind == 1) value = Real(random() % levels);
            if (kind == 2) value = Real(1 + random() % levels);
            if (kind == 3 && random() % 3 == 0) value = std::numeric_limits<Real>::infinity();
            if (kind == 4 || kind == 5) {
                const Real a = x[3 * i] - x[3 * j], b = x[3 * i + 1] - x[3 * j + 1];
                value = std::sqrt(a * a + b * b);
            }
            if (kind == 6 && i < n / 2 && j < n / 2) value = 0;
            d[i * n + j] = d[j * n + i] = value;
        }
    }
    return d;
}

}  // namespace topolens::tests
