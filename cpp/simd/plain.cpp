#include "topolens/kernel_table.hpp"

namespace topolens {

extern const KernelTable plain_kernels;
const KernelTable plain_kernels = kernel_table<Plain>();

}  // namespace topolens
