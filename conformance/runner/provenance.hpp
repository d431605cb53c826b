// SPDX-License-Identifier: Apache-2.0 OR MIT
// Which suite this is, and on which machine it runs: what lets somebody else check a result.
#pragma once

#include <string>

namespace argo::runner {

struct SuiteIdentity
{
    std::string version;
    std::string commit; ///< 40 hex digits, or "unknown" where it was not built in a repository
    bool dirty = true;  ///< the tree differed from the commit
};

SuiteIdentity suite_identity();

/// Kernel, machine and processor, in one line; no name of the host.
std::string host_description();

} // namespace argo::runner
