#include "topolens/kernel_table.hpp"

namespace topolens {

extern const KernelTable avx2_kernels;
const KernelTable avx2_kernels = kernel_table<Avx2>();

}  // namespace topolens
