#pragma once

#include <algorithm>
#include <cmath>

#include "topolens/ground.hpp"

namespace topolens {

/// What a step of a matching costs: a power of its length, in units that keep it in range.
struct StepCost {
    Ground ground;
    double order, unit, most;

    double operator()(double births, double deaths) const {
        return power(ground_length(ground, births, deaths) / unit);
    }

    double power(double length) const {
        const double cost = order == 1   ? length
                            : order == 2 ? length * length
                                         : std::pow(length, order);
        return std::min(cost, most);
    }

    /// The length whose power is this cost.
    double length(double cost) const {
        return unit * (order == 1 ? cost : std::pow(cost, 1 / order));
    }
};

}  // namespace topolens
