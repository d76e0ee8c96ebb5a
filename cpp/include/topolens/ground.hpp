#pragma once

#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>

namespace topolens {

/// A bar that dies, as a point of the plane.
struct Interval {
    double birth, death;

    auto operator<=>(const Interval&) const = default;
};

/// Norm of the plane by which bars are apart.
enum class Ground { manhattan, euclidean, chebyshev };

inline double ground_length(Ground ground, double births, double deaths) {
    const double x = std::abs(births), y = std::abs(deaths);
    if (ground == Ground::euclidean) {
        const double square = x * x + y * y;
        // Where a square overflows or loses digits, the slower way.
        const bool is_safe = square > 1e-280 && square < std::numeric_limits<double>::infinity();
        return is_safe ? std::sqrt(square) : std::hypot(x, y);
    }
    return ground == Ground::manhattan ? x + y : std::max(x, y);
}

/// Distance of a bar from the nearest point of the diagonal.
inline double length_to_diagonal(Ground ground, Interval bar) {
    const double lifetime = bar.death - bar.birth;
    if (ground == Ground::manhattan) return lifetime;
    return ground == Ground::euclidean ? lifetime * std::sqrt(0.5) : lifetime / 2;
}

}  // namespace topolens
