// SPDX-License-Identifier: Apache-2.0 OR MIT
// Which cases of the catalogue a run is about, and what the guests are told so that they run just these.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "runner/catalogue.hpp"

namespace argo::runner {

/// Where there is no time for every case by every mechanism: what runs by all but the preferred one. How
/// calls are made, and messages between domains.
inline constexpr std::string_view mechanism_sample =
    "call.*,query.*,sendv.message_arrives_in_another_domain,sendv.the_source_is_not_forged,"
    "notify.the_librarys_receiver_notifies,reset.the_rings_of_others_stay";

/// The word that asks for every mechanism, and for every case by each.
inline constexpr std::string_view every_mechanism = "all";
inline constexpr std::string_view every_environment = "all";

/// What the user asked for; globs may be lists, `a*,b*`, and empty ones match everything.
struct Wish
{
    std::string profile;
    std::string filter;
    std::string mechanism;   ///< empty: the hypervisor's own preference first, then the others
    std::string sample;      ///< a glob that narrows the others
    std::string environment; ///< what the guests are to say of their surroundings, beside what they find
    uint64_t seed = 1;
    double timeout_factor = 1;   ///< multiplies every limit of time
    unsigned races = 0;          ///< rounds of a race, in the place of the suite's own number
    bool soak = false;           ///< and as many as a long run has
    unsigned rounds = 0;         ///< of what profile bench measures, in the place of the suite's own number
    unsigned fuzz = 0;           ///< seconds of random calls, in the place of some rounds
    std::filesystem::path rules; ///< of a policy, in the place of the suite's own; none: no policy
    bool policy = false;         ///< the target has a policy in force
};

/// The cases that the wish selects, in the catalogue's order. Throws UsageError where a glob matches nothing,
/// or the mechanism is not one of the registry's.
std::vector<const Case*> select_cases(const Catalogue&, const Wish&);

/// Whether these cases need the many domains that limits on waiters do. Only at a wildcard ring can so many
/// wait.
bool needs_crowd(const std::vector<const Case*>&);

/// Those of them that match the sample as well; maybe none.
std::vector<const Case*> sampled_cases(const Catalogue&, const Wish&);

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
