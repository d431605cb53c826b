// SPDX-License-Identifier: Apache-2.0 OR MIT
// The main loop: starts the domains of a topology, hears of their ends, of commands, of signals and of time
// passing, until no domain is left. Everything here runs in one thread; the vCPUs have their own.
#pragma once

#include "kvm/control.hpp"
#include "kvm/machine.hpp"
#include "kvm/output.hpp"

#include <csignal>
#include <memory>

namespace argo::kvm {

/// A domain of the topology, whether it runs now or not.
struct Slot
{
    const DomainConfig& config;
    Counters counters;
    std::unique_ptr<Machine> machine; ///< while it runs
};

class Supervisor
{
  public:
    /// References outlive the supervisor. With `control`, commands are read from standard input.
    Supervisor(const System& system, const Topology& topology, bool control);
    ~Supervisor();

    /// Runs until every domain has ended. Returns what the program is to exit with.
    int run();

    [[nodiscard]] const std::vector<std::unique_ptr<Slot>>& slots() const noexcept { return slots_; }
    [[nodiscard]] engine::Counters engine_counters() const noexcept;

  private:
    void start(Slot& slot);
    void finish(Slot& slot);
    void kill(Slot& slot);
    void quit();
    void obey(std::string_view line);
    void load_policy(const std::string& file);
    [[nodiscard]] Slot& find(const std::string& name);
    [[nodiscard]] bool running() const noexcept;

    int tick();
    void wait(int milliseconds);
    void hear_signal();
    void hear_commands();
    void host_line(const std::string& text);

    const System& system_;
    const bool control_;
    sigset_t former_signals_;
    FileDescriptor signals_; ///< signalfd
    FileDescriptor changes_; ///< eventfd
    Output output_;
    Host host_;
    std::vector<std::unique_ptr<Slot>> slots_;
    LineBuffer commands_;
    bool commands_open_;
    bool crashed_ = false;
    int signal_ = 0; ///< the one that ends us
};

} // namespace argo::kvm
