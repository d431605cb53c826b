// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Patterns, a word at a time wherever alignment allows.
#include "harness/pattern.hpp"

namespace argo::suite {

namespace {

constexpr uint64_t step = UINT64_C(0x9e3779b97f4a7c15);

uint64_t word_at(uint64_t seed, uint64_t index) { return (index / 8 + 1) * step + seed; }

/// Bytes until the pattern's next word begins, at most `size`.
size_t head_of(uint64_t first, size_t size)
{
    const size_t head = (8 - first % 8) % 8;
    return head < size ? head : size;
}

} // namespace

void pattern_fill(void* to, size_t size, uint64_t seed, uint64_t first)
{
    auto* bytes = static_cast<uint8_t*>(to);
    size_t i = 0;
    for (const size_t head = head_of(first, size); i < head; i++) bytes[i] = pattern_byte(seed, first + i);
    for (uint64_t word = word_at(seed, first + i); size - i >= 8; i += 8, word += step)
        __builtin_memcpy(bytes + i, &word, 8);
    for (; i < size; i++) bytes[i] = pattern_byte(seed, first + i);
}

size_t pattern_mismatch(const void* from, size_t size, uint64_t seed, uint64_t first)
{
    const auto* bytes = static_cast<const uint8_t*>(from);
    size_t i = 0;
    for (const size_t head = head_of(first, size); i < head; i++)
        if (bytes[i] != pattern_byte(seed, first + i)) return i;
    for (uint64_t word = word_at(seed, first + i); size - i >= 8; i += 8, word += step) {
        uint64_t found;
        __builtin_memcpy(&found, bytes + i, 8);
        if (found != word) break;
    }
    for (; i < size; i++)
        if (bytes[i] != pattern_byte(seed, first + i)) return i;
    return size;
}

} // namespace argo::suite
