// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// One domain of the model: memory, vCPUs that are threads, interrupts that are counters, and the machine
// that the suite's platform functions reach (platform.cpp).
#pragma once

#include <argo/machine.hpp>

#include <array>
#include <atomic>
#include <bitset>
#include <condition_variable>
#include <csetjmp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "engine/discovery.hpp"
#include "engine/engine.hpp"
#include "harness/platform.hpp"

namespace argo::runner {

/// What all domains of a model have in common.
struct ModelBoard
{
    engine::Engine& engine;
    engine::Identity identity;
    std::span<const engine::Offer> offers; ///< empty: no Argo
    uint32_t pages;
    std::function<void(std::string_view mark, std::string_view line)> print;
    std::function<void()> ended; ///< some domain's vCPU has stopped
    std::function<bool(uint16_t domid)>
        sees_argo; ///< whether a domain that starts is to have the CPUID block
};

class SimulatedDomain
{
  public:
    /// A domain that runs. Throws std::invalid_argument if the engine refuses the domid.
    SimulatedDomain(const ModelBoard&, std::string name, uint16_t domid, std::string command_line);
    /// Stops it, if need be, and takes it out of the engine.
    ~SimulatedDomain();
    SimulatedDomain(const SimulatedDomain&) = delete;

    /// The vCPU has come to an end by itself.
    bool done() const { return done_; }

    /// Interrupts so far.
    uint32_t events_in_all() const
    {
        uint32_t all = 0;
        for (const auto& vcpu : vcpus_) all += vcpu.taken_in_all;
        return all;
    }

    /// The domain whose vCPU is this thread.
    static SimulatedDomain& here();

    // From the engine.

    void* page(uint64_t gfn);
    void raise(uint32_t vcpu, uint8_t vector);

    // From the vCPU. Each of these does not return when the domain is being stopped.

    const char* command_line();
    void print(std::string_view line);
    uint64_t now();
    void wait(uint64_t ns);
    uint32_t events(uint8_t vector, uint32_t vcpu);
    uint32_t last_event(uint8_t vector);
    void hold_events(uint8_t vector);
    CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf);
    /// Ring the doorbell of a mechanism whose first parameters these are. False: nobody is there, or refuses.
    bool ring(uint32_t mechanism, uint64_t where, uint64_t frame);
    /// A call in registers by a mechanism with these parameters; `word` is the whole register. False: nobody
    /// is there.
    bool call(uint32_t mechanism, uint64_t ebx, uint32_t ecx, uint64_t word, const uint64_t (&arguments)[4],
              int64_t& result);
    CallPage& borrow();
    void give_back(CallPage&);
    /// Another vCPU, which does nothing but this, until it is stopped. It can be had.
    bool start_vcpu(uint32_t number, bool (*step)(void*), void* argument);
    void stop_vcpu(uint32_t number);
    std::span<uint8_t> memory() const { return memory_; }
    std::span<uint8_t> scratch() const;

  private:
    void run();
    void check_alive();

    /// Its local APIC, and its thread, if it has one.
    struct Vcpu
    {
        std::bitset<256> held;       ///< raised, and not taken yet
        std::atomic<bool> on{false}; ///< takes interrupts
        uint8_t priority = 0;        ///< what is of this class, or below, is not taken
        std::array<std::atomic<uint32_t>, 256> taken{};
        std::array<std::atomic<uint32_t>, 256> last{}; ///< the how-manieth of all this was
        std::atomic<uint32_t> taken_in_all{0};
        uint32_t seen = 0;  ///< of them, when it halted last
        std::thread thread; ///< the first vCPU joins that of another one
    };
    void take(Vcpu&);

    const ModelBoard& board_;
    const std::string name_;
    const std::string command_line_;
    std::span<uint8_t> memory_;
    engine::Domain* domain_;
    const bool sees_argo_;

    std::mutex mutex_; ///< for wake_, and what a local APIC holds
    std::condition_variable wake_;
    std::array<Vcpu, suite::platform::most_vcpus> vcpus_;

    std::atomic<bool> stop_{false};
    std::atomic<bool> done_{false};
    std::jmp_buf end_{};
    size_t borrowed_ = 0;
    std::thread vcpu_; ///< the first one; last here: the thread uses all of the above
};

} // namespace argo::runner
