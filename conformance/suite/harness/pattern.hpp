// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Bytes that tell where they belong. A pattern is an endless sequence named by a seed; no two of its aligned
// 8-byte words are equal, so bytes that were lost, doubled or moved show. Cheap enough for an interpreted
// guest.
#pragma once

#include <cstddef>
#include <cstdint>

namespace argo::suite {

/// Byte `index` of the pattern.
constexpr uint8_t pattern_byte(uint64_t seed, uint64_t index)
{
    const uint64_t word = (index / 8 + 1) * UINT64_C(0x9e3779b97f4a7c15) + seed;
    return static_cast<uint8_t>(word >> (8 * (index % 8)));
}

/// Write `size` bytes of the pattern, from its byte `first` on.
void pattern_fill(void* to, size_t size, uint64_t seed, uint64_t first = 0);

/// Offset of the first byte that differs from the pattern; `size` when none does.
size_t pattern_mismatch(const void* from, size_t size, uint64_t seed, uint64_t first = 0);

} // namespace argo::suite
