// SPDX-License-Identifier: MIT
//
// A value, or the reason why there is none. It replaces exceptions, which a kernel does not have, and
// negative numbers, which are forgotten: the compiler complains about a result that nobody looks at.
#pragma once

#include <argo/error.hpp>

namespace argo {

/// T, or an Error. T is a plain value: default-constructible and copied without code of its own.
template <class T>
class [[nodiscard]] Result
{
  public:
    constexpr Result(const T& value) : value_(value) {}
    constexpr Result(Error error) : error_(error) {}

    /// True if there is a value.
    constexpr explicit operator bool() const { return error_ == Error::none; }

    /// The value. Asking a failure for its value is a bug of the caller, and traps.
    constexpr const T& value() const&
    {
        if (error_ != Error::none) __builtin_trap();
        return value_;
    }
    constexpr T value() &&
    {
        return static_cast<const Result&>(*this).value();
    } // a copy: *this is about to go
    constexpr const T& operator*() const& { return value(); }
    constexpr T operator*() && { return static_cast<const Result&>(*this).value(); }
    constexpr const T* operator->() const { return &value(); }

    /// Why there is no value; Error::none if there is one.
    constexpr Error error() const { return error_; }

  private:
    static_assert(__is_trivially_copyable(T), "a Result carries plain values only");

    T value_{};
    Error error_ = Error::none;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void>
{
  public:
    constexpr Result() = default;
    constexpr Result(Error error) : error_(error) {}

    constexpr explicit operator bool() const { return error_ == Error::none; }
    constexpr Error error() const { return error_; }

  private:
    Error error_ = Error::none;
};

} // namespace argo
