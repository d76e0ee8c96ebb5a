#pragma once

#include "topolens/distance_kernels.hpp"
#include "topolens/lune_kernels.hpp"
#include "topolens/near_kernels.hpp"
#include "topolens/prim_kernels.hpp"
#include "topolens/row_kernels.hpp"
#include "topolens/side_kernels.hpp"

/// The kernels behind function pointers: one table for each vector set that was compiled.
namespace topolens {

template <typename Real>
struct TermTable {
    void (*four_by_four)(const Real* x, const Real* y, std::size_t d, double* out);
    void (*one_by_one)(const Real* x, const Real* y, std::size_t d, double* out);
};

template <typename Real>
struct RowTable {
    decltype(&kernels::summarise<Plain, Real>) summarise;
    decltype(&kernels::collect<Plain, Real>) collect;
    decltype(&kernels::survivors<Plain, Real>) survivors;
    decltype(&kernels::has_lune<Plain, Real>) has_lune;
    decltype(&kernels::apex<Plain, Real>) apex;
    decltype(&kernels::first_within<Plain, Real>) first_within;
    decltype(&kernels::select<Plain, Real>) select;
    decltype(&kernels::sweep<Plain, Real>) sweep;
    decltype(&kernels::grow_tree<Plain, Real>) grow_tree;
    decltype(&kernels::next_sides<Plain, Real>) next_sides;
    decltype(&kernels::equal_sides<Plain, Real>) equal_sides;
    decltype(&kernels::lune<Plain, Real>) lune;
    decltype(&kernels::squared_gap<Plain, Real>) squared_gap;
    TermTable<Real> squared, absolute, largest;
};

struct KernelTable {
    const char* name;
    RowTable<float> single;
    RowTable<double> wide;
    decltype(&kernels::refresh_lacking<Plain>) refresh_lacking;
    decltype(&kernels::absorb<Plain>) absorb;
    decltype(&kernels::absorb_without_loops<Plain>) absorb_without_loops;
    decltype(&kernels::add_column<Plain>) add_column;
    decltype(&kernels::near_pairs<Plain>) near_pairs;

    template <typename Real>
    const RowTable<Real>& rows() const {
        if constexpr (sizeof(Real) == 4) {
            return single;
        } else {
            return wide;
        }
    }
};

template <class S, typename Real, kernels::Term term>
constexpr TermTable<Real> term_table() {
    return {&kernels::four_by_four<S, Real, term>, &kernels::tile<S, Real, term, 1>};
}

template <class S, typename Real>
constexpr RowTable<Real> row_table() {
    return {&kernels::summarise<S, Real>, &kernels::collect<S, Real>,
            &kernels::survivors<S, Real>, &kernels::has_lune<S, Real>,
            &kernels::apex<S, Real>,      &kernels::first_within<S, Real>,
            &kernels::select<S, Real>,    &kernels::sweep<S, Real>,
            &kernels::grow_tree<S, Real>, &kernels::next_sides<S, Real>,
            &kernels::equal_sides<S, Real>, &kernels::lune<S, Real>,
            &kernels::squared_gap<S, Real>,
            term_table<S, Real, kernels::Term::squared>(),
            term_table<S, Real, kernels::Term::absolute>(),
            term_table<S, Real, kernels::Term::largest>()};
}

template <class S>
constexpr KernelTable kernel_table() {
    return {S::name,
            row_table<S, float>(),
            row_table<S, double>(),
            &kernels::refresh_lacking<S>,
            &kernels::absorb<S>,
            &kernels::absorb_without_loops<S>,
            &kernels::add_column<S>,
            &kernels::near_pairs<S>};
}

/// The widest table this machine can run, or the one named by TOPOLENS_SIMD
/// (avx512, avx2 or plain). Throws std::invalid_argument for a name that cannot be had.
const KernelTable& kernels_for_this_machine();

/// The table of that name, or null if it was not compiled or the machine cannot run it.
const KernelTable* find_kernels(const char* name);

}  // namespace topolens
