// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The semantics of the Argo ABI, major 1, for any hypervisor. The host makes domains, hands in the calls that
// its guests make, and answers what host.hpp asks. One file an area, named like the book's chapters.
//
// Freestanding: no library, no exceptions, no RTTI; no allocation while a message is sent or a notify
// answered; no lock that all calls take (lock.hpp).
#pragma once

#include "argo/notify.h"
#include "argo/query.h"
#include "argo/reset.h"
#include "argo/send_batch.h"
#include "engine/domain.hpp"
#include "engine/host.hpp"
#include "engine/result.hpp"

namespace argo::engine {

/// The limits that query tells, each exact. A conforming implementation offers ARGO_MIN_* at least.
struct Limits
{
    uint32_t max_rings = 128;
    uint32_t max_ring_length = 0xffffc0; ///< bytes; with its header this fills 4096 pages
    uint32_t max_message = 0xffffa0;     ///< bytes
    uint32_t max_iov = 64;
    uint32_t max_notify = 256;
    uint32_t max_ring_waiters = 32;
    uint32_t max_waiters = 64;
    uint32_t max_pages = 8192;
    uint32_t max_bindings = 16;
    uint32_t max_batch = 64;
};

/// Who answers: ARGO_IMPLEMENTATION_*, and the implementation's own version, which never decreases.
struct Identity
{
    uint32_t implementation;
    uint32_t version;
};

/// Where a call comes from, as far as the mechanism lets the host see it.
enum class Privilege : uint8_t
{
    kernel,
    user
};

/// What the engine has done since it was made. The numbers are read one by one, while calls go on.
struct Counters
{
    uint64_t calls[ARGO_OP_RESET + 1]; ///< by operation; those that entry refused are not among them
    uint64_t messages;                 ///< accepted
    uint64_t payload_bytes;            ///< of accepted messages
    uint64_t copied_bytes;             ///< payload bytes copied from senders to rings
    uint64_t events;                   ///< handed to the host; those without binding are not among them
    uint64_t suppressed;               ///< messages whose event the ring's wish did not ask for
    uint64_t wakeups;                  ///< waiters woken, whether or not they have a binding
    uint64_t refused;                  ///< calls that returned an error
};

/// All functions are thread-safe except where they say otherwise. Calls of one vCPU come one after another;
/// those of a domain's vCPUs may run at once. A vCPU is a number below Shape::vcpus, which only the host and
/// the engine know; how numbers belong to virtual processors is the host's choice.
class Engine
{
  public:
    /// Features that this engine has; others are never offered.
    static constexpr uint64_t offered_features =
        ARGO_FEATURE_WILDCARD | ARGO_FEATURE_VECTOR | ARGO_FEATURE_SUPPRESS | ARGO_FEATURE_BATCH;

    /// Limits beyond what the engine can do are lowered to that, and limits of features that are not wanted
    /// are zero: query tells the truth. The host outlives the engine.
    Engine(Host& host, const Limits& limits, uint64_t features, Identity identity) noexcept;

    /// Every domain was destroyed before.
    ~Engine();

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// A new domain without rings, waiters and bindings; `context` is the host's own. Null if the domid is
    /// reserved or in use, be it by a domain whose destruction has not returned, or if the host lacks memory.
    Domain* create(uint16_t domid, void* context, const Shape& shape = {}) noexcept;

    /// Ends a domain. Its vCPUs are stopped: none of its calls runs or comes. Waits for calls that run.
    /// Rings that name it as partner are removed, with an event to their owners.
    /// ARGO-LIFECYCLE-001 to -004.
    void destroy(Domain& domain) noexcept;

    /// After a restore that lost the domain's Argo state: drops what the engine has of it and changes its
    /// incarnation, so that its calls return ESTALE until reset. Its vCPUs are stopped. ARGO-LIFECYCLE-005.
    void restore(Domain& domain) noexcept;

    /// A call by a mechanism that passes registers; `word` is all 64 bits of the one for the operation word.
    /// Returns what the guest finds as its result.
    int64_t call(Domain& caller, uint32_t vcpu, uint64_t word, const uint64_t (&arguments)[4],
                 Privilege privilege = Privilege::kernel) noexcept;

    /// A call by a mechanism that passes the guest-physical address of a frame. False, and nothing happened,
    /// if no frame is there: the address is no multiple of ARGO_FRAME_ALIGN, or no writable guest memory.
    bool call_frame(Domain& caller, uint32_t vcpu, uint64_t address,
                    Privilege privilege = Privilege::kernel) noexcept;

    /// Returns when every call that runs now has ended, but for what it does to rings that are gone; later
    /// ones are not waited for. What a host changed before it, as its policy, decides every call from then
    /// on. Not by a thread that is in a call.
    void settle() noexcept;

    /// The limits in force.
    const Limits& limits() const noexcept { return limits_; }

    /// The features offered, ARGO_FEATURE_*.
    uint64_t features() const noexcept { return features_; }

    Counters counters() const noexcept;

  private:
    using Arguments = uint64_t[4];

    class Inside;
    class Removed;
    struct Operation;
    struct Registration;
    struct Message;
    class Burst;

    /// Pieces of a message at most, and messages of a batch: what a call keeps of them is on the stack.
    static constexpr uint32_t most_pieces = 64;
    static constexpr uint32_t most_entries = 64;

    /// What a message of a batch leaves to be done.
    struct Sent
    {
        DomainState* owner = nullptr; ///< who is due an event at `binding`, if anybody
        uint16_t binding = 0;
        uint32_t bytes = 0; ///< payload that was looked at, for nothing or not
    };

    enum class Wake : uint8_t
    {
        satisfied,
        all
    };

    // engine.cpp: entry
    static const Operation operations[];
    const Operation* find_operation(uint32_t number) const noexcept;
    int64_t enter(Vcpu&, uint64_t word, const Arguments&, Privilege) noexcept;
    Result dispatch(Vcpu&, uint64_t word, const Arguments&, Privilege) noexcept;
    GuestMemory memory_of(DomainState& domain) noexcept { return {host_, domain}; }

    // The operations, one in each file.
    Result query(Vcpu&, const Arguments&) noexcept;
    Result register_ring(Vcpu&, const Arguments&) noexcept;
    Result unregister_ring(Vcpu&, const Arguments&) noexcept;
    Result sendv(Vcpu&, const Arguments&) noexcept;
    Result send_batch(Vcpu&, const Arguments&) noexcept;
    Result notify(Vcpu&, const Arguments&) noexcept;
    Result vector(Vcpu&, const Arguments&) noexcept;
    Result reset(Vcpu&, const Arguments&) noexcept;

    // register.cpp
    Error fetch_registration(DomainState& caller, const Arguments&, Registration&) noexcept;
    Error admit(DomainState& caller, const Registration&) noexcept;
    Error install(DomainState& caller, const Registration&, Ring*& ring) noexcept;

    // unregister.cpp
    void retire(Vcpu&, Removed&) noexcept;

    // sendv.cpp
    int64_t send_at_once(Vcpu&, const Arguments&) noexcept;
    void tell(Vcpu&, DomainState& owner, uint16_t binding) noexcept;
    Result send(Vcpu&, const argo_batch_entry&, Sent&) noexcept;
    Error fetch_message(Vcpu&, const Arguments&, Message&) noexcept;
    Error fetch_pieces(DomainState& caller, uint64_t iovs, Message&) noexcept;
    Error check_pieces(DomainState& caller, Message&) noexcept;
    Error find_destination(Vcpu&, const argo_send_addr&, Routes::Route&) noexcept;
    Error deliver(Vcpu&, const Message&, const Routes::Route&, Ring::Published&) noexcept;

    // send_batch.cpp
    Result send_entry(Vcpu&, Gpa entry, Burst&) noexcept;

    // notify.cpp
    Error check_entries(DomainState& caller, Gpa head, uint32_t& count) noexcept;
    void wake_senders(Vcpu&) noexcept;
    void answer(DomainState& caller, Gpa entry) noexcept;
    void ask(DomainState& caller, argo_notify_entry&) noexcept;

    // event.cpp
    void signal(Vcpu&, DomainState&, uint16_t binding) noexcept;
    uint32_t free_bytes(DomainState& owner, Ring&, uint32_t payload) noexcept;
    bool wait_for_space(DomainState& sender, Ring&, uint32_t payload) noexcept;
    void stop_waiting(DomainState& sender, Ring&) noexcept;
    Waiter* free_place(Ring&) noexcept;
    DomainState* settle(const Waiter&) noexcept;
    void wake(Vcpu&, DomainState* owner, Ring&, Wake) noexcept;

    // reset.cpp, lifecycle.cpp
    void drop_everything(Vcpu&) noexcept;
    void take_rings_for(DomainState& owner, uint16_t partner, Removed&) noexcept;
    void enlist(DomainState&) noexcept;
    void strike_off(DomainState&) noexcept;
    uint64_t next_number() noexcept { return numbers_.fetch_add(1, std::memory_order_relaxed) + 1; }
    void next_generation() noexcept { generation_.fetch_add(1); }

    Host& host_;
    const uint64_t features_;
    const Limits limits_;
    const Identity identity_;
    const uint32_t too_long_at_once_;     // bytes of a message that send_at_once does not take
    std::atomic<uint64_t> numbers_{0};    // instances, accounts and incarnations: never the same twice
    std::atomic<uint64_t> generation_{1}; // of verdicts and routes: those of an earlier one are forgotten
    mutable Readers readers_;             // every vCPU
    DomainTable domains_;
    Counters past_{}; // what vCPUs counted that are no more; guarded by the list of readers
};

/// A call while it runs: what it looks up stays.
class [[nodiscard]] Engine::Inside
{
  public:
    Inside(Engine& engine, Vcpu& vcpu) noexcept : readers_(engine.readers_), vcpu_(vcpu)
    {
        readers_.enter(vcpu_);
    }
    ~Inside() { readers_.leave(vcpu_); }
    Inside(const Inside&) = delete;

  private:
    Readers& readers_;
    Vcpu& vcpu_;
};

/// Rings that were taken out of their tables and wait for their end.
class Engine::Removed
{
  public:
    /// `owner` as given hears of the ring's end; null: it ended the ring itself.
    void add(Ring& ring, const DomainState* owner = nullptr) noexcept
    {
        ring.removal = {.next = first_,
                        .tell = owner ? owner->instance() : 0,
                        .owner = owner ? owner->domid() : uint16_t{0}};
        first_ = &ring;
    }

    Ring* take() noexcept
    {
        Ring* const ring = first_;
        if (ring) first_ = ring->removal.next;
        return ring;
    }

    bool empty() const noexcept { return !first_; }

  private:
    Ring* first_ = nullptr;
};

} // namespace argo::engine
