// SPDX-License-Identifier: Apache-2.0 OR MIT
// Which cases of the catalogue a run is about, and what the guests are told so that they run just these.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/catalogue.hpp"

namespace argo::runner {

/// What the user asked for; globs may be lists, `a*,b*`, and empty ones match everything.
struct Wish
{
    std::string profile;
    std::string filter;
    std::string mechanism; ///< empty: the hypervisor's own preference
    uint64_t seed = 1;
    double timeout_factor = 1; ///< multiplies every limit of time
};

/// The cases that the wish selects, in the catalogue's order. Throws UsageError where a glob matches nothing,
/// or the mechanism is not one of the registry's.
std::vector<const Case*> select_cases(const Catalogue&, const Wish&);

/// Whether these cases need the many domains that limits on waiters do. Only at a wildcard ring can so many
/// wait.
bool needs_crowd(const std::vector<const Case*>&);

/// A domain of the run.
struct Role
{
    std::string name; ///< of the domain, unique
    std::string part; ///< that it plays: lead, peer, third, crowd. Domids of a crowd are consecutive.
    unsigned domid = 0;
};

/// The command line of one guest. `after`: the case after which to go on; empty: from the start.
std::string guest_command_line(const Role& own, const std::vector<Role>& all, const Wish&,
                               const std::string& after);

} // namespace argo::runner
