#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace topolens {

/// Call work(part) for each part from 0 to n_parts - 1 on `threads` threads, in no particular
/// order. The first exception stops the rest and is thrown here.
template <class Work>
void in_parallel(std::size_t n_parts, std::size_t threads, Work&& work) {
    threads = std::min(threads, n_parts);
    if (threads <= 1) {
        for (std::size_t part = 0; part < n_parts; ++part) work(part);
        return;
    }
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex failing;
    const auto run = [&] {
        try {
            for (std::size_t part; (part = next++) < n_parts;) work(part);
        } catch (...) {
            next = n_parts;
            const std::lock_guard lock(failing);
            if (!failure) failure = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> pool;
        for (std::size_t t = 1; t < threads; ++t) pool.emplace_back(run);
        run();
    }
    if (failure) std::rethrow_exception(failure);
}

/// Call work(begin, end) for bands of rows that cover 0 to n.
template <class Work>
void in_row_bands(std::size_t n, std::size_t threads, Work&& work) {
    constexpr std::size_t band = 64;
    in_parallel((n + band - 1) / band, threads, [&](std::size_t b) {
        work(b * band, std::min(n, (b + 1) * band));
    });
}

}  // namespace topolens
