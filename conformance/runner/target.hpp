// SPDX-License-Identifier: Apache-2.0 OR MIT
// A target: something that runs the suite's domains and gives their consoles. What a run needs of it, whether
// it is a hypervisor behind argo-vmm, the engine in a process, or a script of somebody else's.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/boot.hpp"
#include "runner/protocol.hpp"
#include "runner/results.hpp"
#include "runner/selection.hpp"

namespace argo::runner {

/// One thing that a target tells.
struct Report
{
    enum class Kind : uint8_t
    {
        line,  ///< `role` printed `text`
        ended, ///< the domain `role` is gone; `text` says why: "shutdown", "killed", "crash: ...", "watchdog:
               ///< ..."
        over,  ///< the target itself is gone; `text` says how; nothing follows
    };
    Kind kind;
    std::string role;
    std::string text;
};

class Target
{
  public:
    virtual ~Target() = default;

    virtual std::string name() const = 0; ///< as on the command line: kvm, exec:<script>

    /// What every limit of time is multiplied by: the user's factor and the target's own.
    virtual double timeout_factor() const = 0;

    /// What it runs in, where that is not this host: part of every result's environment.
    virtual std::string surroundings() const { return {}; }

    /// A list of what it is known to get wrong; empty: there is none.
    virtual std::filesystem::path known_failures() const { return {}; }

    /// Whether every case by every mechanism takes seconds here, not minutes.
    virtual bool quick() const { return false; }

    /// What varies inside it: PV and PVH guests, a debug build. Those that are run unless the user says
    /// which, or all. At least one; without a name where it is the only one.
    virtual std::vector<std::string> environments(bool /*all*/) const { return {""}; }

    /// From the next start on, this is the environment; guests call by this mechanism, and run only what
    /// matches the sample, too. A sample needs no crowd. Throws Unavailable.
    virtual void choose(const std::string& environment, const std::string& mechanism,
                        const std::string& sample) = 0;

    /// Start every domain of the run; the lead goes on after the case `after`, or from the start. Throws
    /// Unavailable.
    virtual void start(const std::string& after) = 0;

    /// The next thing it tells; empty when nothing came until the deadline, or on an interrupt.
    virtual std::optional<Report> next(Clock::time_point deadline) = 0;

    /// What the lead asked for. A role that the run does not have: false.
    virtual bool act(const Ask&) = 0;

    /// What the host counted of events between the last start and its stop.
    virtual EventCounts counted() const { return {}; }
    /// What else it counted then, by name.
    virtual std::map<std::string, uint64_t> figures() const { return {}; }

    /// End everything that was started. May be called at any time, also twice.
    virtual void stop() = 0;
};

} // namespace argo::runner
