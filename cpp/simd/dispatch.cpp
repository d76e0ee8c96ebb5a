#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include "topolens/kernel_table.hpp"

namespace topolens {

extern const KernelTable plain_kernels;
#if defined(TOPOLENS_X86)
extern const KernelTable avx2_kernels;
extern const KernelTable avx512_kernels;
#endif

const KernelTable* find_kernels(const char* name) {
#if defined(TOPOLENS_X86)
    if (std::strcmp(name, "avx512") == 0 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2") &&
        __builtin_cpu_supports("fma")) {
        return &avx512_kernels;
    }
    if (std::strcmp(name, "avx2") == 0 && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma")) {
        return &avx2_kernels;
    }
#endif
    return std::strcmp(name, "plain") == 0 ? &plain_kernels : nullptr;
}

const KernelTable& kernels_for_this_machine() {
    if (const char* wanted = std::getenv("TOPOLENS_SIMD"); wanted && *wanted) {
        if (const KernelTable* found = find_kernels(wanted)) return *found;
        throw std::invalid_argument(
            "the environment variable `TOPOLENS_SIMD` must be avx512, avx2 or plain and within "
            "this machine's means; got " + std::string(wanted));
    }
    for (const char* name : {"avx512", "avx2"}) {
        if (const KernelTable* found = find_kernels(name)) return *found;
    }
    return plain_kernels;
}

}  // namespace topolens
