// SPDX-License-Identifier: Apache-2.0 OR MIT
// What goes wrong for a user: one sentence with a hint, and the exit code that goes with it.
// Thrown while things are set up; nothing is thrown on a guest's behalf.
#pragma once

#include "kvm/suggest.hpp"

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace argo::kvm {

/// Exit codes of argo-vmm. A signal ends it with 128 + the signal's number.
enum class Exit : int
{
    success = 0,
    failure = 1,     ///< a guest crashed, or the host failed in the middle of a run
    usage = 2,       ///< the command line, the topology or an image is wrong
    unavailable = 4, ///< this host cannot run guests
};

class Failure : public std::runtime_error
{
  public:
    Failure(Exit code, const std::string& sentence) : std::runtime_error(sentence), code(code) {}

    const Exit code;
};

template <class... Arguments>
[[noreturn]] void fail(Exit code, fmt::format_string<Arguments...> format, Arguments&&... arguments)
{
    throw Failure(code, one_line(fmt::format(format, std::forward<Arguments>(arguments)...)));
}

} // namespace argo::kvm
