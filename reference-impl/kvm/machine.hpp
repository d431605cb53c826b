// SPDX-License-Identifier: Apache-2.0 OR MIT
// A VM, which is a domain of the engine: memory, vCPUs, devices and doorbells, from creation to end.
#pragma once

#include "kvm/devices.hpp"
#include "kvm/host.hpp"
#include "kvm/image.hpp"
#include "kvm/topology.hpp"
#include "kvm/vcpu.hpp"
#include "kvm/watchdog.hpp"

#include <bitset>
#include <functional>
#include <optional>

namespace argo::kvm {

/// What a domain offers on this host: what its topology says, else all that this KVM can. Throws
/// Failure(Exit::unavailable) for one that it cannot.
std::vector<Mechanism> offered_mechanisms(const System& system, const DomainConfig& config);

class Machine final : public Bus
{
  public:
    /// Makes the VM and the domain; nothing runs yet. References outlive the machine. `changed` is called
    /// from any thread when tick() or ended() may have something new to say. Throws Failure when KVM or the
    /// engine cannot.
    Machine(const System& system, Host& host, const DomainConfig& config, const Image& image,
            Counters& counters, LineSink& sink, std::function<void()> changed);
    Machine(const Machine&) = delete;
    /// Stops the vCPUs, then ends the domain: its partners and waiters hear of it before this returns.
    ~Machine();

    void start();
    /// Stops the vCPUs and ends the lines that the guest left open. Does nothing the second time.
    void stop() noexcept;
    /// Why the guest has ended, once it has. Only the first reason counts.
    [[nodiscard]] std::optional<End> ended() const;
    void end(End) override;

    /// What is to be done now and then: the watchdog, and interrupts that are held. Returns when to call
    /// again, if at all. Not thread-safe.
    std::optional<std::chrono::milliseconds> tick(Clock::time_point now);

    [[nodiscard]] const GuestMemory& memory() const noexcept { return memory_; }
    [[nodiscard]] unsigned vcpus() const noexcept { return config_.vcpus; }
    /// Raises an edge interrupt. While the local APIC takes none it is held, and raised later. Any thread.
    void raise(unsigned apic_id, uint8_t vector) noexcept;

  private:
    void write_port(const Caller&, uint16_t port, unsigned size, uint32_t value) override;
    uint32_t read_port(uint16_t port, unsigned size) override;
    void store(const Caller&, uint64_t address, unsigned size, uint64_t value) override;
    bool write_msr(const Caller&, uint32_t index, uint64_t value) override;
    int64_t hypercall(const Caller&, bool user_mode, uint64_t number, uint64_t word,
                      const uint64_t (&arguments)[4]) override;

    void set_up_exits();
    [[nodiscard]] bool offers(Mechanism mechanism) const noexcept;
    bool call(const Caller&, Mechanism mechanism, uint64_t frame,
              engine::Privilege privilege = engine::Privilege::kernel) noexcept;
    bool raise_held();

    const DomainConfig& config_;
    const std::vector<Mechanism> mechanisms_; ///< none when the domain is absent
    Host& host_;
    Counters& counters_;
    const std::function<void()> changed_;

    GuestMemory memory_;
    Devices devices_;
    Vm vm_;
    engine::Domain* domain_ = nullptr; ///< none when the domain is absent
    std::vector<std::unique_ptr<Vcpu>> vcpus_;
    std::optional<Watchdog> watchdog_;

    mutable std::mutex end_mutex_; ///< guards end_
    std::optional<End> end_;
    std::mutex held_mutex_; ///< guards held_, one set of vectors a vCPU
    std::vector<std::bitset<256>> held_;
};

} // namespace argo::kvm
