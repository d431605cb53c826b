// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A fuzzer's bytes as choices. Where they end every choice is zero, and zero is the ordinary one, so that a
// short input is a short and mostly correct program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace argo::fuzz {

class Input
{
  public:
    Input(const uint8_t* data, size_t size) noexcept : rest_(data, size) {}

    bool ended() const noexcept { return rest_.empty(); }

    template <class Number>
    Number take() noexcept
    {
        Number value = 0;
        const size_t bytes = rest_.size() < sizeof value ? rest_.size() : sizeof value;
        if (bytes != 0) std::memcpy(&value, rest_.data(), bytes);
        rest_ = rest_.subspan(bytes);
        return value;
    }

    uint8_t byte() noexcept { return take<uint8_t>(); }

    /// Below `end`.
    uint32_t below(uint32_t end) noexcept { return byte() % end; }

    /// True in so many of 256 cases, and not at the end of the input.
    bool rarely(unsigned of_256) noexcept { return byte() >= 256 - of_256; }

    template <class T, size_t count>
    T one_of(const T (&values)[count]) noexcept
    {
        return values[below(count)];
    }

    /// The first part of what is left, as an input of its own.
    Input split(size_t bytes) noexcept
    {
        const auto part = rest_.first(bytes < rest_.size() ? bytes : rest_.size());
        rest_ = rest_.subspan(part.size());
        return {part.data(), part.size()};
    }

    size_t size() const noexcept { return rest_.size(); }

  private:
    std::span<const uint8_t> rest_;
};

} // namespace argo::fuzz
