#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace topolens {

/// Sorts rows of numbers, none of them NaN, keeping its room between them.
///
/// Digit by digit, the lowest first (Knuth, TAOCP 3, 5.2.5): comparing numbers that come in no
/// order sends a processor the wrong way at every other step, counting digits never does.
class NumberSorter {
public:
    void sort(double* values, std::size_t count) {
        if (count < few) {
            std::sort(values, values + count);
            return;
        }
        for (auto& starts : starts_) starts.fill(0);
        keys_.resize(count);
        room_.resize(count);
        for (std::size_t k = 0; k < count; ++k) {
            keys_[k] = key_of(values[k]);
            for (std::size_t place = 0; place < places; ++place) {
                ++starts_[place][digit(keys_[k], place)];
            }
        }
        for (std::size_t place = 0; place < places; ++place) order_by(place);
        for (std::size_t k = 0; k < count; ++k) values[k] = number_of(keys_[k]);
    }

private:
    using Key = std::uint64_t;

    static constexpr std::size_t few = 200;  // where comparing is quicker
    static constexpr int digit_bits = 11;
    static constexpr std::size_t places = 6, digits = std::size_t{1} << digit_bits;
    static constexpr Key sign = Key{1} << 63;

    /// Bits in the order of the numbers: negative ones reversed, and below the others.
    static Key key_of(double value) {
        const Key bits = std::bit_cast<Key>(value);
        return bits ^ (bits & sign ? ~Key{0} : sign);
    }

    static double number_of(Key key) {
        return std::bit_cast<double>(key ^ (key & sign ? sign : ~Key{0}));
    }

    static std::size_t digit(Key key, std::size_t place) {
        return (key >> (place * digit_bits)) & (digits - 1);
    }

    void order_by(std::size_t place) {
        std::uint32_t start = 0;
        for (std::uint32_t& count : starts_[place]) start += std::exchange(count, start);
        for (const Key key : keys_) room_[starts_[place][digit(key, place)]++] = key;
        keys_.swap(room_);
    }

    std::array<std::array<std::uint32_t, digits>, places> starts_;
    std::vector<Key> keys_, room_;
};

}  // namespace topolens
