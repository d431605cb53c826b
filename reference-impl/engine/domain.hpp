// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the engine keeps for a domain: its rings, its bindings, its account of waits, its vCPUs; and the table
// in which domains are found by domid. Looking up takes no lock: epoch.hpp. Book: spec/address.rst,
// spec/lifecycle.rst. Locks: lock.hpp.
#pragma once

#include "argo/address.h"
#include "argo/reset.h"
#include "argo/vector.h"
#include "engine/epoch.hpp"
#include "engine/ring.hpp"

namespace argo::engine {

/// The rings of one domain: chains by port and partner, for look-ups; and places, so that a walk over all of
/// them ends. A ring keeps its place as long as it is in the table.
class RingTable
{
  public:
    using Link = std::atomic<Ring*>;
    using Word = std::atomic<uint64_t>;
    static constexpr uint32_t word_bits = 64;

    /// Powers of two of chains, at least two; one bit of `waited` for each place.
    RingTable(std::span<Link> chains, std::span<Link> places, std::span<Word> waited) noexcept;

    // Looking up, in a call; thread-safe.

    /// The ring for this sender alone, else the one for anybody, else null. ARGO-SENDV-001.
    Ring* match(uint32_t port, uint16_t sender) const noexcept
    {
        Ring* const own = find(port, sender);
        return own ? own : find(port, ARGO_DOMID_WILDCARD);
    }

    /// The ring of exactly this port and partner, or null.
    Ring* find(uint32_t port, uint16_t partner) const noexcept
    {
        Ring* ring = chain(port, partner).load(std::memory_order_acquire);
        while (ring && (ring->port != port || ring->partner != partner)) {
            ring = ring->links.next.load(std::memory_order_acquire);
        }
        return ring;
    }

    /// The first ring at `place` or behind it at which somebody may wait, and moves `place` behind that; null
    /// when there are no more.
    Ring* next_waited(uint32_t& place) const noexcept;

    /// Notes that somebody waits at a ring of this table, or that nobody does. The ring's lock is held. The
    /// note is its place's: if another ring has that by now, it is not ours to take away. One too many does
    /// no harm.
    void set_waited(const Ring& ring) noexcept
    {
        waited(ring).fetch_or(bit(ring), std::memory_order_acq_rel);
    }
    void set_not_waited(const Ring& ring) noexcept
    {
        waited(ring).fetch_and(~bit(ring), std::memory_order_acq_rel);
        if (places_[ring.links.place].load(std::memory_order_acquire) != &ring) set_waited(ring);
    }

    // Changing; with the domain's registration lock held.

    uint32_t places() const noexcept { return static_cast<uint32_t>(places_.size()); }
    uint32_t rings() const noexcept { return rings_; }
    uint32_t pages() const noexcept { return pages_; }
    Ring* at(uint32_t place) const noexcept { return places_[place].load(std::memory_order_relaxed); }

    /// There is a free place.
    void insert(Ring& ring) noexcept;

    /// Takes the ring out, so that nobody finds it any more. Who has found it may still use it.
    void remove(Ring& ring) noexcept;

  private:
    Link& chain(uint32_t port, uint16_t partner) const noexcept
    {
        const uint64_t name = port | uint64_t{partner} << 32;
        return chains_[name * 0x9e37'79b9'7f4a'7c15 >> shift_];
    }
    static uint64_t bit(const Ring& ring) noexcept { return uint64_t{1} << ring.links.place % word_bits; }
    Word& waited(const Ring& ring) const noexcept { return waited_[ring.links.place / word_bits]; }

    const std::span<Link> chains_, places_;
    const std::span<Word> waited_;
    const uint32_t shift_;
    uint32_t rings_ = 0;
    uint32_t pages_ = 0;
};

/// The bindings of one domain. Thread-safe.
class BindingTable
{
  public:
    explicit BindingTable(std::span<Interrupt> bindings) noexcept : bindings_(bindings)
    {
        for (Interrupt& binding : bindings_) binding = {};
    }

    /// Kind ARGO_BINDING_NONE if the binding is not made.
    Interrupt get(Host& host, uint16_t index) noexcept
    {
        const Held held(lock_, host);
        return index < bindings_.size() ? bindings_[index] : Interrupt{};
    }

    /// The index is in range.
    void set(Host& host, const Interrupt& binding) noexcept
    {
        const Held held(lock_, host);
        bindings_[binding.index] = binding;
    }

    void clear(Host& host) noexcept
    {
        const Held held(lock_, host);
        for (Interrupt& binding : bindings_) binding = {};
    }

  private:
    Lock lock_; // a leaf
    std::span<Interrupt> bindings_;
};

/// One number of Counters, as one vCPU counts it: no other one writes it.
class Tally
{
  public:
    [[gnu::always_inline]] void add(uint64_t amount = 1) noexcept
    {
        value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
    }
    uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<uint64_t> value_{0};
};

/// What is counted; engine.hpp says what it tells a host.
struct Tallies
{
    Tally calls[ARGO_OP_RESET + 1];
    Tally messages, sent_at_once, payload_bytes, lost_bytes, wanted, events, wakeups, refused;
};

class DomainState;

/// Where messages of a vCPU went lately: for both addresses, the ring, to which policy let them go. Whatever
/// changes the answer, of policy or of the tables, changes the generation. It starts at 1.
class Routes
{
  public:
    /// Both addresses, as they are in memory.
    struct Name
    {
        uint64_t source, destination;

        Name() = default;
        Name(uint64_t first, uint64_t second) noexcept : source(first), destination(second) {}
        explicit Name(const argo_send_addr& send) noexcept { __builtin_memcpy(this, &send, sizeof *this); }
    };

    struct Route
    {
        DomainState* owner;
        Ring* ring;
    };

    /// Null if it has none for these addresses that is of this generation.
    [[gnu::always_inline]] const Route* find(const Name& name, uint64_t generation) const noexcept
    {
        const Entry& entry = entries_[place(name)];
        const bool known = entry.name.source == name.source && entry.name.destination == name.destination &&
                           entry.generation == generation;
        return known ? &entry.route : nullptr;
    }

    void keep(const Name& name, uint64_t generation, const Route& route) noexcept
    {
        entries_[place(name)] = {name, generation, route};
    }

  private:
    struct alignas(64) Entry
    {
        Name name;
        uint64_t generation; ///< 0: the entry is empty
        Route route;
    };

    static size_t place(const Name& name) noexcept
    {
        return (name.destination ^ name.destination >> 32 ^ name.source) % 16;
    }

    Entry entries_[16] = {};
};

/// A vCPU of a domain: what its calls alone write.
class alignas(cache_line) Vcpu : public Reader
{
  public:
    Vcpu(DomainState& vcpus_domain, const Window& window, uint16_t vcpus_domid) noexcept
        : near(window), domid(vcpus_domid), domain(vcpus_domain)
    {
    }

    const Near near; ///< of the domain's memory
    const uint64_t domid;
    DomainState& domain;
    uint64_t ready = 0; ///< the generation in which its domain was found to be neither denied nor stale
    Tallies tallies;

    /// What send_at_once has read and left to sendv: both addresses, and the one piece.
    struct TakenOver
    {
        bool filled = false;
        Routes::Name send{}, piece{};
    } taken_over;

    Routes routes;
};

/// A domain with all that belongs to this instance of it.
class alignas(cache_line) DomainState final : public Domain
{
  public:
    /// Null if the host lacks memory. `instance` also numbers the first account and incarnation.
    static DomainState* create(Host&, uint16_t domid, void* context, const Shape&, uint64_t instance,
                               uint32_t max_rings, uint32_t max_bindings) noexcept;

    /// Nobody uses the domain any more, and it has no rings.
    static void destroy(Host&, DomainState*) noexcept;

    std::span<Vcpu> vcpus() noexcept { return vcpus_; }

    Lock registration;
    RingTable rings;
    BindingTable bindings;
    WaitAccount waits;
    std::atomic<uint64_t> incarnation;
    std::atomic<bool> stale{false}; // the incarnation changed and was not accepted by a reset

  private:
    struct Layout;

    DomainState(uint16_t domid, void* context, const Shape&, uint64_t instance, const Layout&) noexcept;
    ~DomainState() = default;

    const std::span<Vcpu> vcpus_;
    const size_t bytes_;
};

/// All domains by domid. Thread-safe. Each domid has a lock of its own for what changes it.
class DomainTable
{
  public:
    /// The domain of this domid, for the rest of the call that asks. Null if there is none, or it is ending.
    DomainState* find(uint16_t domid) const noexcept
    {
        const Slot* const slot = this->slot(domid);
        return slot ? slot->domain.load(std::memory_order_acquire) : nullptr;
    }

    /// Takes a domid. False if it is reserved for ever or taken, or the host lacks memory.
    bool reserve(Host& host, uint16_t domid) noexcept;

    /// Gives it back.
    void release(Host& host, uint16_t domid) noexcept;

    /// Lets a domain be found under its domid, which is reserved for it.
    void show(DomainState& domain) noexcept;

    /// Lets it be found no more.
    void hide(DomainState& domain) noexcept;

    /// The last step: frees the table's own memory.
    void clear(Host& host) noexcept;

  private:
    struct Slot
    {
        Lock lock; // a leaf
        bool reserved = false;
        std::atomic<DomainState*> domain{nullptr};
    };

    /// Slots come in blocks, allocated when the first domid of one is reserved.
    struct Block
    {
        Slot slots[256];
    };

    static constexpr uint32_t blocks = (ARGO_DOMID_FIRST_RESERVED + 255) / 256;

    /// Null if the domid is reserved for ever, or if none of its block was ever used.
    Slot* slot(uint16_t domid) const noexcept
    {
        if (domid >= ARGO_DOMID_FIRST_RESERVED) return nullptr;
        Block* const block = blocks_[domid / 256].load(std::memory_order_acquire);
        return block ? &block->slots[domid % 256] : nullptr;
    }

    std::atomic<Block*> blocks_[blocks] = {};
};

} // namespace argo::engine
