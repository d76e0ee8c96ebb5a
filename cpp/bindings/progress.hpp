#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <optional>
#include <utility>

#include "topolens/rips.hpp"

namespace topolens::bindings {

namespace nb = nanobind;

/// Tell Python how far the work is, a few times a second, and let signals and errors stop it. To
/// be called by one thread at a time, without the interpreter's lock.
inline Progress progress_to(std::optional<nb::callable> report) {
    using Clock = std::chrono::steady_clock;
    return [report = std::move(report), last = Clock::now()](double share) mutable {
        if (Clock::now() - last < std::chrono::milliseconds(100)) return;
        last = Clock::now();
        nb::gil_scoped_acquire locked;
        if (PyErr_CheckSignals() != 0) throw nb::python_error();
        if (report) (*report)(share);
    };
}

}  // namespace topolens::bindings
