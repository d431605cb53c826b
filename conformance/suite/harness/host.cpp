// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Asking the host, and seeing that it acted.
#include "harness/host.hpp"

#include "harness/expect.hpp"
#include "harness/session.hpp"

namespace argo::suite {

namespace {

constexpr uint64_t host_time = 10'000;  ///< ms in which a host that helps has done so
constexpr uint64_t policy_time = 4'000; ///< ms in which it has loaded a policy: less than a case has

RemoteActor& remote(Actor& actor)
{
    // Requests name a role, and these are the roles that one domain has.
    if (&actor == &session->peer) return session->peer;
    if (&actor == &session->third) return session->third;
    error("the host can be asked to kill or start the peer and the third alone");
}

} // namespace

void host_kill(Actor& actor)
{
    host_begin_kill(actor);
    host_finish_kill(actor);
}

void host_begin_kill(Actor& actor)
{
    RemoteActor& victim = remote(actor);
    session->protocol.ask("kill", victim.role());
    victim.forget();
}

void host_finish_kill(Actor& actor)
{
    RemoteActor& victim = remote(actor);
    const uint64_t limit = session->limit(host_time), start = platform::now();
    while (victim.present()) {
        if (platform::now() - start >= limit) {
            victim.expect_back();
            skip("the host did not kill the domain that it was asked to");
        }
        platform::wait(10'000'000);
    }
}

void host_start(Actor& actor)
{
    RemoteActor& newborn = remote(actor);
    session->protocol.ask("start", newborn.role());
    newborn.expect_back();
    newborn.ready();
}

void host_restart(Actor& actor)
{
    host_kill(actor);
    host_start(actor);
}

namespace {

/// Wait until the rules in question are, or are not, in force.
bool await_policy(const HostPolicy& policy, bool wanted)
{
    const uint64_t limit = session->limit(policy_time), start = platform::now();
    while (policy.in_force() != wanted) {
        if (platform::now() - start >= limit) return false;
        platform::wait(1'000'000);
    }
    return true;
}

} // namespace

void host_begin_policy(const HostPolicy& policy)
{
    session->policy = policy;
    session->protocol.ask("policy", policy.name);
}

void host_policy(const HostPolicy& policy)
{
    host_begin_policy(policy);
    if (await_policy(policy, true)) return;
    session->policy = {};
    skip("the host did not load the policy that it was asked for");
}

void host_policy_off()
{
    const HostPolicy policy = session->policy;
    if (policy.name == nullptr) return;
    session->policy = {};
    session->protocol.ask("policy", "suite");
    if (!await_policy(policy, false)) raise(Verdict::error, "the host did not load the suite's policy again");
}

void count_denial() { session->progress.denials++; }

} // namespace argo::suite
