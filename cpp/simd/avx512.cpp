#include "topolens/kernel_table.hpp"

namespace topolens {

extern const KernelTable avx512_kernels;
const KernelTable avx512_kernels = kernel_table<Avx512>();

}  // namespace topolens
