// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What a call answers. Book: spec/call.rst, ARGO-CALL-003.
#pragma once

#include "argo/call.h"

#include <cstdint>

namespace argo::engine {

/// The errors of major 1, and none.
enum class Error : uint16_t
{
    none = 0,
    eperm = ARGO_EPERM,
    enoent = ARGO_ENOENT,
    eagain = ARGO_EAGAIN,
    enomem = ARGO_ENOMEM,
    eacces = ARGO_EACCES,
    efault = ARGO_EFAULT,
    ebusy = ARGO_EBUSY,
    eexist = ARGO_EEXIST,
    einval = ARGO_EINVAL,
    enospc = ARGO_ENOSPC,
    emsgsize = ARGO_EMSGSIZE,
    eopnotsupp = ARGO_EOPNOTSUPP,
    econnrefused = ARGO_ECONNREFUSED,
    estale = ARGO_ESTALE,
};

constexpr bool failed(Error error) noexcept { return error != Error::none; }

/// A success and its number, or an error.
class Result
{
  public:
    constexpr Result(Error error) noexcept : value_(-static_cast<int64_t>(error)) {}

    static constexpr Result success(uint32_t value = 0) noexcept { return Result(value); }

    constexpr bool is_error() const noexcept { return value_ < 0; }

    /// As the guest sees it: zero or more, or a negated ARGO_E*.
    constexpr int64_t value() const noexcept { return value_; }

  private:
    explicit constexpr Result(uint32_t value) noexcept : value_(value) {}

    int64_t value_;
};

} // namespace argo::engine
