// SPDX-License-Identifier: Apache-2.0 OR MIT
// The two ways in which a run is refused. The message is one sentence for people, with a hint where there is
// one.
#pragma once

#include <stdexcept>

namespace argo::runner {

/// The command line or an input file makes no sense: exit code 2.
class UsageError : public std::runtime_error
{
    using std::runtime_error::runtime_error;
};

/// A target cannot run on this machine: exit code 4.
class Unavailable : public std::runtime_error
{
    using std::runtime_error::runtime_error;
};

} // namespace argo::runner
