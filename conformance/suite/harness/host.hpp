// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What only the host can do, asked for on the console and observed over Argo. Chapter: lifecycle.
// Each of these prints the request, then waits, within a limit, until its effect is seen. A host that does
// not act makes the case a SKIP. A domain that a case killed is started again by the harness after the case.
#pragma once

#include "harness/actor.hpp"

namespace argo::suite {

/// Destroy the domain, peer or third; returns when it is gone. Its Actor may not be used until host_start().
void host_kill(Actor&);
/// The same in two steps, for what happens while it dies: from the first one on the Actor may not be used.
void host_begin_kill(Actor&);
void host_finish_kill(Actor&);
/// Start a domain that is gone; returns when its agent answers.
void host_start(Actor&);
/// Destroy and start: the domid comes back, the domain is another one.
void host_restart(Actor&);

/// Other rules than the suite's, by the name that the host knows them by, and how the lead sees that they are
/// in force.
struct HostPolicy
{
    const char* name;
    bool (*in_force)();
};

/// Put these rules in force; returns when they are. After the case the suite's own are in force again.
void host_policy(const HostPolicy&);
/// The same, without waiting: for what happens meanwhile.
void host_begin_policy(const HostPolicy&);
/// Put the suite's own rules in force again now.
void host_policy_off();

/// A denial by policy was seen. Of each the host has to have a record.
void count_denial();

} // namespace argo::suite
