// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// One line of text, built in place without allocation. What does not fit is cut, and the cut is visible.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace argo::suite {

struct Hex
{
    uint64_t value;
};

class Text
{
  public:
    static constexpr size_t capacity = 480;

    std::string_view view() const { return {bytes_, size_}; }
    bool empty() const { return size_ == 0; }
    void clear() { size_ = 0; }

    Text& operator<<(std::string_view text)
    {
        size_t size = size_;
        for (const char c : text) {
            if (size == capacity) break;
            // A line stays one line, whatever a value or a name contains.
            bytes_[size++] = c >= ' ' && c <= '~' ? c : '?';
        }
        if (size == capacity) bytes_[size - 1] = bytes_[size - 2] = bytes_[size - 3] = '.';
        size_ = size;
        return *this;
    }
    Text& operator<<(char c) { return *this << std::string_view(&c, 1); }
    Text& operator<<(const char* text) { return *this << std::string_view(text); }
    Text& operator<<(std::unsigned_integral auto value) { return digits(value, 10); }
    Text& operator<<(std::signed_integral auto value)
    {
        if (value < 0) *this << '-';
        const auto wide = static_cast<uint64_t>(static_cast<int64_t>(value));
        return digits(value < 0 ? 0 - wide : wide, 10);
    }
    Text& operator<<(Hex hex) { return (*this << "0x").digits(hex.value, 16); }
    /// Exactly `width` hexadecimal digits.
    Text& hex(uint64_t value, int width)
    {
        for (int shift = 4 * (width - 1); shift >= 0; shift -= 4)
            *this << "0123456789abcdef"[value >> shift & 15];
        return *this;
    }

  private:
    Text& digits(uint64_t value, unsigned base)
    {
        char reversed[20];
        int n = 0;
        do reversed[n++] = "0123456789abcdef"[value % base];
        while ((value /= base) != 0);
        while (n > 0) *this << reversed[--n];
        return *this;
    }

    char bytes_[capacity];
    size_t size_ = 0;
};

} // namespace argo::suite
