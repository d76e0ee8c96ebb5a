#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <memory>
#include <utility>
#include <vector>

namespace topolens::bindings {

namespace nb = nanobind;

/// A read-only, C-ordered matrix in host memory. Anything else is a TypeError.
template <typename T>
using Matrix = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

template <typename T>
using Vector = nb::ndarray<nb::numpy, T, nb::ndim<1>>;

template <typename T>
using Table = nb::ndarray<nb::numpy, T, nb::ndim<2>>;

/// Hand a matrix to NumPy without copying.
template <typename T>
Table<T> table(std::unique_ptr<T[]> values, std::size_t n_rows, std::size_t n_columns) {
    T* data = values.release();
    nb::capsule owner(data, [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return Table<T>(data, {n_rows, n_columns}, owner);
}

/// Hand a vector to NumPy without copying: the capsule owns the storage.
template <typename T>
Vector<T> to_numpy(std::vector<T>&& values) {
    auto* owned = new std::vector<T>(std::move(values));
    nb::capsule owner(owned, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
    return Vector<T>(owned->data(), {owned->size()}, owner);
}

}  // namespace topolens::bindings
