// SPDX-License-Identifier: Apache-2.0 OR MIT
// A vCPU and the thread that runs it: enters the guest, and hands each exit to the bus.
#pragma once

#include "kvm/bus.hpp"
#include "kvm/counters.hpp"
#include "kvm/kvm.hpp"

#include <mutex>
#include <thread>

namespace argo::kvm {

/// What a look at a vCPU from outside shows, for the watchdog.
struct Pulse
{
    uint64_t exits;    ///< so far
    uint64_t asked;    ///< how often ask() was called,
    uint64_t answered; ///< and which of these calls the rest is the answer to
    bool idle;         ///< halted, or waiting to be started
    uint64_t rip;
};

class Vcpu final : private Bus::Caller
{
  public:
    /// References outlive the vCPU. The first vCPU runs at once, the others wait for a start-up IPI.
    Vcpu(const System& system, const Vm& vm, unsigned id, Bus& bus, Counters& counters);
    Vcpu(const Vcpu&) = delete;
    ~Vcpu();

    /// For set-up, before start().
    [[nodiscard]] VcpuDevice& device() noexcept { return device_; }

    void start();
    /// Makes the thread end soon. Any thread, this vCPU's own as well.
    void request_stop() noexcept;
    /// Waits for the thread to end. After request_stop(); not from this vCPU's thread.
    void join() noexcept;

    /// Makes the vCPU look at itself, soon. Any thread.
    void ask() noexcept;
    [[nodiscard]] Pulse pulse() const;

  private:
    void run() noexcept;
    void answer();
    void handle_exit();
    void handle_port();
    void handle_store();
    void handle_hypercall();
    void crash(std::string why);
    void kick() noexcept;
    [[nodiscard]] unsigned id() const noexcept override { return id_; }
    [[nodiscard]] bool in_user_mode() const override;

    VcpuDevice device_;
    const unsigned id_;
    Bus& bus_;
    Counters& counters_;

    std::atomic<bool> stopping_{false};
    std::atomic<pid_t> thread_id_{0};
    std::atomic<uint64_t> exits_{0};
    std::atomic<uint64_t> asked_{0};
    mutable std::mutex mutex_; ///< guards answer_
    Pulse answer_{};
    std::thread thread_;
};

} // namespace argo::kvm
