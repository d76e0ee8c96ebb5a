#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

/// Thin wrappers over one machine's vectors. Every kernel is a template over one of the three
/// sets below (Plain, Avx2, Avx512) and is compiled once for each, so that no instruction can leak
/// into code that runs on an older machine.
///
/// A set holds `Block`, 512 bits of a bitset, and `Lanes<Real>`, a few numbers side by side. All
/// comparisons answer with a bit mask, lane 0 in the lowest bit.
namespace topolens {

using Word = std::uint64_t;

inline constexpr std::size_t block_words = 8;  // 512 bits: one cache line
inline constexpr std::size_t block_bits = 512;
inline constexpr std::size_t max_blocks = 128;  // of a row: 65,536 bits

struct Plain {
    static constexpr const char* name = "plain";
    static constexpr int n_registers = 16;

    struct Block {
        Word w[block_words];

        static Block load(const Word* p) {
            Block b;
            for (std::size_t k = 0; k < block_words; ++k) b.w[k] = p[k];
            return b;
        }
        void store(Word* p) const {
            for (std::size_t k = 0; k < block_words; ++k) p[k] = w[k];
        }
        friend Block operator&(Block a, const Block& b) {
            for (std::size_t k = 0; k < block_words; ++k) a.w[k] &= b.w[k];
            return a;
        }
        friend Block operator|(Block a, const Block& b) {
            for (std::size_t k = 0; k < block_words; ++k) a.w[k] |= b.w[k];
            return a;
        }
        friend Block operator^(Block a, const Block& b) {
            for (std::size_t k = 0; k < block_words; ++k) a.w[k] ^= b.w[k];
            return a;
        }
        Block without(const Block& b) const {
            Block r;
            for (std::size_t k = 0; k < block_words; ++k) r.w[k] = w[k] & ~b.w[k];
            return r;
        }
        bool any() const {
            Word all = 0;
            for (std::size_t k = 0; k < block_words; ++k) all |= w[k];
            return all != 0;
        }
    };

    template <typename Real>
    struct Lanes {
        static constexpr std::size_t width = 8;
        Real v[width];

        static Lanes load(const Real* p) {
            Lanes r;
            for (std::size_t k = 0; k < width; ++k) r.v[k] = p[k];
            return r;
        }
        static Lanes load(const float* p)
            requires(sizeof(Real) == 8)
        {
            Lanes r;
            for (std::size_t k = 0; k < width; ++k) r.v[k] = Real(p[k]);
            return r;
        }
        static Lanes gather(const Real* p, const std::uint32_t* at) {
            Lanes r;
            for (std::size_t k = 0; k < width; ++k) r.v[k] = p[at[k]];
            return r;
        }
        static Lanes all(Real x) {
            Lanes r;
            for (std::size_t k = 0; k < width; ++k) r.v[k] = x;
            return r;
        }
        void store(Real* p) const {
            for (std::size_t k = 0; k < width; ++k) p[k] = v[k];
        }
        static Lanes max(const Lanes& a, const Lanes& b) {
            Lanes r;
            for (std::size_t k = 0; k < width; ++k) r.v[k] = a.v[k] > b.v[k] ? a.v[k] : b.v[k];
            return r;
        }
        static Lanes min(const Lanes& a, const Lanes& b) {
            Lanes r;
            for (std::size_t k = 0; k < width; ++k) r.v[k] = a.v[k] < b.v[k] ? a.v[k] : b.v[k];
            return r;
        }
        friend Lanes operator+(const Lanes& a, const Lanes& b) {
            Lanes r;
            for (std::size_t k = 0; k < width; ++k) r.v[k] = a.v[k] + b.v[k];
            return r;
        }
        friend Lanes operator-(const Lanes& a, const Lanes& b) {
            Lanes r;
            for (std::size_t k = 0; k < width; ++k) r.v[k] = a.v[k] - b.v[k];
            return r;
        }
        friend Lanes operator*(const Lanes& a, const Lanes& b) {
            Lanes r;
            for (std::size_t k = 0; k < width; ++k) r.v[k] = a.v[k] * b.v[k];
            return r;
        }
        /// a b + c, rounded once or twice as the machine does it: for bounds, never for results.
        static Lanes product_sum(const Lanes& a, const Lanes& b, const Lanes& c) {
            return a * b + c;
        }
        static std::uint32_t less(const Lanes& a, const Lanes& b) {
            std::uint32_t m = 0;
            for (std::size_t k = 0; k < width; ++k) m |= std::uint32_t(a.v[k] < b.v[k]) << k;
            return m;
        }
        static std::uint32_t at_most(const Lanes& a, const Lanes& b) {
            std::uint32_t m = 0;
            for (std::size_t k = 0; k < width; ++k) m |= std::uint32_t(a.v[k] <= b.v[k]) << k;
            return m;
        }
    };
};

#if defined(__AVX2__)
struct Avx2 {
    static constexpr const char* name = "avx2";
    static constexpr int n_registers = 16;

    struct Block {
        __m256i low, high;

        static Block load(const Word* p) {
            const auto* q = reinterpret_cast<const __m256i*>(p);
            return {_mm256_loadu_si256(q), _mm256_loadu_si256(q + 1)};
        }
        void store(Word* p) const {
            auto* q = reinterpret_cast<__m256i*>(p);
            _mm256_storeu_si256(q, low);
            _mm256_storeu_si256(q + 1, high);
        }
        friend Block operator&(const Block& a, const Block& b) {
            return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)};
        }
        friend Block operator|(const Block& a, const Block& b) {
            return {_mm256_or_si256(a.low, b.low), _mm256_or_si256(a.high, b.high)};
        }
        friend Block operator^(const Block& a, const Block& b) {
            return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)};
        }
        Block without(const Block& b) const {
            return {_mm256_andnot_si256(b.low, low), _mm256_andnot_si256(b.high, high)};
        }
        bool any() const {
            const __m256i all = _mm256_or_si256(low, high);
            return !_mm256_testz_si256(all, all);
        }
    };

    template <typename Real>
    struct Lanes;
};

template <>
struct Avx2::Lanes<float> {
    static constexpr std::size_t width = 8;
    __m256 v;

    static Lanes load(const float* p) { return {_mm256_loadu_ps(p)}; }
    static Lanes gather(const float* p, const std::uint32_t* at) {
        return {_mm256_i32gather_ps(p, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)), 4)};
    }
    static Lanes all(float x) { return {_mm256_set1_ps(x)}; }
    void store(float* p) const { _mm256_storeu_ps(p, v); }
    static Lanes max(Lanes a, Lanes b) { return {_mm256_max_ps(a.v, b.v)}; }
    static Lanes min(Lanes a, Lanes b) { return {_mm256_min_ps(a.v, b.v)}; }
    friend Lanes operator+(Lanes a, Lanes b) { return {_mm256_add_ps(a.v, b.v)}; }
    friend Lanes operator-(Lanes a, Lanes b) { return {_mm256_sub_ps(a.v, b.v)}; }
    friend Lanes operator*(Lanes a, Lanes b) { return {_mm256_mul_ps(a.v, b.v)}; }
    static Lanes product_sum(Lanes a, Lanes b, Lanes c) {
        return {_mm256_fmadd_ps(a.v, b.v, c.v)};
    }
    static std::uint32_t less(Lanes a, Lanes b) {
        return std::uint32_t(_mm256_movemask_ps(_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)));
    }
    static std::uint32_t at_most(Lanes a, Lanes b) {
        return std::uint32_t(_mm256_movemask_ps(_mm256_cmp_ps(a.v, b.v, _CMP_LE_OQ)));
    }
};

template <>
struct Avx2::Lanes<double> {
    static constexpr std::size_t width = 4;
    __m256d v;

    static Lanes load(const double* p) { return {_mm256_loadu_pd(p)}; }
    static Lanes load(const float* p) { return {_mm256_cvtps_pd(_mm_loadu_ps(p))}; }
    static Lanes gather(const double* p, const std::uint32_t* at) {
        return {_mm256_i32gather_pd(p, _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), 8)};
    }
    static Lanes all(double x) { return {_mm256_set1_pd(x)}; }
    void store(double* p) const { _mm256_storeu_pd(p, v); }
    static Lanes max(Lanes a, Lanes b) { return {_mm256_max_pd(a.v, b.v)}; }
    static Lanes min(Lanes a, Lanes b) { return {_mm256_min_pd(a.v, b.v)}; }
    friend Lanes operator+(Lanes a, Lanes b) { return {_mm256_add_pd(a.v, b.v)}; }
    friend Lanes operator-(Lanes a, Lanes b) { return {_mm256_sub_pd(a.v, b.v)}; }
    friend Lanes operator*(Lanes a, Lanes b) { return {_mm256_mul_pd(a.v, b.v)}; }
    static std::uint32_t less(Lanes a, Lanes b) {
        return std::uint32_t(_mm256_movemask_pd(_mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ)));
    }
    static std::uint32_t at_most(Lanes a, Lanes b) {
        return std::uint32_t(_mm256_movemask_pd(_mm256_cmp_pd(a.v, b.v, _CMP_LE_OQ)));
    }
};
#endif

#if defined(__AVX512F__)
struct Avx512 {
    static constexpr const char* name = "avx512";
    static constexpr int n_registers = 32;

    struct Block {
        __m512i v;

        static Block load(const Word* p) { return {_mm512_loadu_si512(p)}; }
        void store(Word* p) const { _mm512_storeu_si512(p, v); }
        friend Block operator&(Block a, Block b) { return {_mm512_and_si512(a.v, b.v)}; }
        friend Block operator|(Block a, Block b) { return {_mm512_or_si512(a.v, b.v)}; }
        friend Block operator^(Block a, Block b) { return {_mm512_xor_si512(a.v, b.v)}; }
        Block without(Block b) const { return {_mm512_andnot_si512(b.v, v)}; }
        bool any() const { return _mm512_test_epi64_mask(v, v) != 0; }
    };

    /// Store (value, i, j + lane) for the lanes of `hits`, side by side, each in one word; writes
    /// up to 16 words whatever the hits.
    static void compress_edges(__m512 values, std::uint32_t hits, std::uint32_t i, std::uint32_t j,
                               Word* out) {
        const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        const __m512i second = _mm512_add_epi32(lane, _mm512_set1_epi32(int(j)));
        const __m512i names = _mm512_or_si512(_mm512_slli_epi32(second, 16),
                                              _mm512_set1_epi32(int(i)));
        const __m512i bits = _mm512_and_si512(_mm512_castps_si512(values),
                                              _mm512_set1_epi32(0x7FFFFFFF));
        const auto word = [](__m256i value, __m256i name) {
            return _mm512_or_si512(_mm512_cvtepu32_epi64(value),
                                   _mm512_slli_epi64(_mm512_cvtepu32_epi64(name), 32));
        };
        const __m512i low = word(_mm512_castsi512_si256(bits), _mm512_castsi512_si256(names));
        const __m512i high = word(_mm512_extracti64x4_epi64(bits, 1),
                                  _mm512_extracti64x4_epi64(names, 1));
        _mm512_storeu_si512(out, _mm512_maskz_compress_epi64(__mmask8(hits), low));
        _mm512_storeu_si512(out + __builtin_popcount(hits & 0xFF),
                            _mm512_maskz_compress_epi64(__mmask8(hits >> 8), high));
    }

    template <typename Real>
    struct Lanes;
};

template <>
struct Avx512::Lanes<float> {
    static constexpr std::size_t width = 16;
    __m512 v;

    static Lanes load(const float* p) { return {_mm512_loadu_ps(p)}; }
    static Lanes gather(const float* p, const std::uint32_t* at) {
        return {_mm512_i32gather_ps(_mm512_loadu_si512(at), p, 4)};
    }
    static Lanes all(float x) { return {_mm512_set1_ps(x)}; }
    void store(float* p) const { _mm512_storeu_ps(p, v); }
    static Lanes max(Lanes a, Lanes b) { return {_mm512_max_ps(a.v, b.v)}; }
    static Lanes min(Lanes a, Lanes b) { return {_mm512_min_ps(a.v, b.v)}; }
    friend Lanes operator+(Lanes a, Lanes b) { return {_mm512_add_ps(a.v, b.v)}; }
    friend Lanes operator-(Lanes a, Lanes b) { return {_mm512_sub_ps(a.v, b.v)}; }
    friend Lanes operator*(Lanes a, Lanes b) { return {_mm512_mul_ps(a.v, b.v)}; }
    static Lanes product_sum(Lanes a, Lanes b, Lanes c) {
        return {_mm512_fmadd_ps(a.v, b.v, c.v)};
    }
    static std::uint32_t less(Lanes a, Lanes b) {
        return _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ);
    }
    static std::uint32_t at_most(Lanes a, Lanes b) {
        return _mm512_cmp_ps_mask(a.v, b.v, _CMP_LE_OQ);
    }
};

template <>
struct Avx512::Lanes<double> {
    static constexpr std::size_t width = 8;
    __m512d v;

    static Lanes load(const double* p) { return {_mm512_loadu_pd(p)}; }
    static Lanes load(const float* p) { return {_mm512_cvtps_pd(_mm256_loadu_ps(p))}; }
    static Lanes gather(const double* p, const std::uint32_t* at) {
        return {_mm512_i32gather_pd(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)), p, 8)};
    }
    static Lanes all(double x) { return {_mm512_set1_pd(x)}; }
    void store(double* p) const { _mm512_storeu_pd(p, v); }
    static Lanes max(Lanes a, Lanes b) { return {_mm512_max_pd(a.v, b.v)}; }
    static Lanes min(Lanes a, Lanes b) { return {_mm512_min_pd(a.v, b.v)}; }
    friend Lanes operator+(Lanes a, Lanes b) { return {_mm512_add_pd(a.v, b.v)}; }
    friend Lanes operator-(Lanes a, Lanes b) { return {_mm512_sub_pd(a.v, b.v)}; }
    friend Lanes operator*(Lanes a, Lanes b) { return {_mm512_mul_pd(a.v, b.v)}; }
    static std::uint32_t less(Lanes a, Lanes b) {
        return _mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ);
    }
    static std::uint32_t at_most(Lanes a, Lanes b) {
        return _mm512_cmp_pd_mask(a.v, b.v, _CMP_LE_OQ);
    }
};
#endif

}  // namespace topolens
