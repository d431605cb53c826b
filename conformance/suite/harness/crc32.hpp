// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// CRC-32 of IEEE 802.3 (reflected, polynomial 0xedb88320), as zlib and Python's binascii have it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace argo::suite {

namespace detail {
constexpr auto crc32_table = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
        table[i] = value;
    }
    return table;
}();
} // namespace detail

/// The CRC of what `crc` covers followed by `bytes`. Begin with zero.
constexpr uint32_t crc32(uint32_t crc, std::string_view bytes)
{
    crc = ~crc;
    for (const char c : bytes) crc = crc >> 8 ^ detail::crc32_table[(crc ^ static_cast<uint8_t>(c)) & 0xff];
    return ~crc;
}

} // namespace argo::suite
