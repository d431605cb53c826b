// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Everything that the harness remembers between its parts, for one boot of one domain. For the harness's own
// files.
#pragma once

#include <argo/probe.hpp>

#include "harness/case.hpp"
#include "harness/expect.hpp"
#include "harness/host.hpp"
#include "harness/local.hpp"
#include "harness/options.hpp"
#include "harness/protocol.hpp"
#include "harness/remote.hpp"
#include "harness/ring.hpp"
#include "harness/text.hpp"
#include "harness/verdict.hpp"

// In the model each domain is a thread; in an image there is one domain, and nothing to hold a thread's
// variables.
#if __STDC_HOSTED__
#define ARGO_SUITE_LOCAL thread_local
#else
#define ARGO_SUITE_LOCAL
#endif

namespace argo::suite {

/// What is known of the case that runs.
struct Progress
{
    const Case* which = nullptr;
    Verdict verdict = Verdict::pass;
    Text detail{};         ///< of the first finding that raised the verdict so far
    uint32_t checks = 0;   ///< expectations met with
    uint32_t failures = 0; ///< of these, those that did not hold
    uint32_t denials = 0;  ///< by policy
    Text row{};            ///< see row()
    uint64_t random = 0;
    void* escape[5] = {};      ///< for leave()
    const Ring* rings[4] = {}; ///< that the case holds; of more than fit, the first
};

struct Session
{
    /// The lead's: for the peer, the third, and whichever of the crowd it spoke to last. An agent uses the
    /// first.
    static constexpr size_t mailboxes = 3;

    explicit Session(const Options&);

    /// `milliseconds` in ns, as slow as this run is.
    uint64_t limit(uint64_t milliseconds) const { return milliseconds * 1'000'000 * options.slow; }

    Options options;
    uint64_t boot;         ///< tells this boot from the others of the domain
    uint32_t sequence = 0; ///< of requests
    Protocol protocol{};
    Discovery discovery{};
    Progress progress{};
    HostPolicy policy{}; ///< other rules than the suite's that are in force
    LocalActor self;
    Mailbox mailbox[mailboxes];
    RemoteActor peer{}, third{}, crowd[Options::max_crowd]{};

    /// Every domain but this one, whether in the run or not.
    template <class Visit>
    void each_other(Visit visit)
    {
        visit(peer);
        visit(third);
        for (RemoteActor& member : crowd) visit(member);
    }
};

/// This domain's session; null before run().
extern ARGO_SUITE_LOCAL Session* session;

/// Whether the case that runs is one of profile upstream. Only the lead knows.
inline bool case_is_upstreams()
{
    return session->progress.which != nullptr && session->progress.which->profile == Profile::upstream;
}

/// Raise the current case's verdict; `detail` counts when it does rise.
void raise(Verdict, std::string_view detail);

/// Run `body`; false when leave() ended it.
bool attempt(void (*body)());

} // namespace argo::suite
