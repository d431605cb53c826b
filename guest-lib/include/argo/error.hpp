// SPDX-License-Identifier: MIT
//
// Everything that can go wrong, as one type: the errors of the ABI under their own numbers, and the few that
// this library finds by itself. Book: chapter call.
#pragma once

#include <argo/abi.h>

#include <stdint.h>

namespace argo {

/// Why a call or a ring operation failed. Zero means that it did not.
///
/// Values below `first_of_library` are the ABI's; one that this list does not name, from a later minor, keeps
/// its number. The library's own begin there, far above whatever the ABI uses.
enum class Error : uint16_t
{
    none = 0,

    eperm = ARGO_EPERM,
    enoent = ARGO_ENOENT,
    esrch = ARGO_ESRCH,
    eagain = ARGO_EAGAIN,
    enomem = ARGO_ENOMEM,
    eacces = ARGO_EACCES,
    efault = ARGO_EFAULT,
    ebusy = ARGO_EBUSY,
    eexist = ARGO_EEXIST,
    enodev = ARGO_ENODEV,
    einval = ARGO_EINVAL,
    enospc = ARGO_ENOSPC,
    enosys = ARGO_ENOSYS,
    emsgsize = ARGO_EMSGSIZE,
    eopnotsupp = ARGO_EOPNOTSUPP,
    econnrefused = ARGO_ECONNREFUSED,
    estale = ARGO_ESTALE,

    first_of_library = 0xff00,
    absent = first_of_library, ///< No hypervisor here says that it speaks Argo.
    incompatible,              ///< It does, but no major or no mechanism that this library knows.
    no_answer,                 ///< The doorbell was rung, and nobody wrote a result.
    bad_answer,                ///< The answer cannot be one of the ABI's.
    empty,                     ///< The ring holds no message.
    corrupt,                   ///< The ring's contents are impossible.
    closed,                    ///< The ring is not open.
};

/// What stands in a call's result until the hypervisor writes it. No operation returns it.
inline constexpr int64_t unanswered = INT64_MIN;

/// The error in a call's negative result: no_answer if it is `unanswered`, bad_answer for a number that no
/// hypervisor may return.
constexpr Error error_of(int64_t result)
{
    if (result == unanswered) return Error::no_answer;
    if (result >= 0 || result <= -static_cast<int64_t>(Error::first_of_library)) return Error::bad_answer;
    return static_cast<Error>(-result);
}

/// A name for people: the ABI's in capitals, the library's as above, "unknown error" for the rest. Never
/// null.
constexpr const char* name(Error error)
{
    switch (error) {
    case Error::none: return "none";
    case Error::eperm: return "EPERM";
    case Error::enoent: return "ENOENT";
    case Error::esrch: return "ESRCH";
    case Error::eagain: return "EAGAIN";
    case Error::enomem: return "ENOMEM";
    case Error::eacces: return "EACCES";
    case Error::efault: return "EFAULT";
    case Error::ebusy: return "EBUSY";
    case Error::eexist: return "EEXIST";
    case Error::enodev: return "ENODEV";
    case Error::einval: return "EINVAL";
    case Error::enospc: return "ENOSPC";
    case Error::enosys: return "ENOSYS";
    case Error::emsgsize: return "EMSGSIZE";
    case Error::eopnotsupp: return "EOPNOTSUPP";
    case Error::econnrefused: return "ECONNREFUSED";
    case Error::estale: return "ESTALE";
    case Error::absent: return "absent";
    case Error::incompatible: return "incompatible";
    case Error::no_answer: return "no answer";
    case Error::bad_answer: return "bad answer";
    case Error::empty: return "empty";
    case Error::corrupt: return "corrupt";
    case Error::closed: return "closed";
    }
    return "unknown error";
}

} // namespace argo
