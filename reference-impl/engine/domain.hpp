// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the engine keeps for a domain: its rings, its bindings, its account of waits; and the table in which
// domains are found by domid. Book: spec/address.rst, spec/lifecycle.rst. Locks: lock.hpp.
#pragma once

#include "argo/address.h"
#include "argo/vector.h"
#include "engine/ring.hpp"

namespace argo::engine {

/// The rings of one domain. A ring keeps its place as long as it lives, and a walk over all places ends.
class RingTable
{
  public:
    struct Entry
    {
        Ring* ring; ///< Null: a free place.
        uint32_t port;
        uint16_t partner;
    };

    explicit RingTable(std::span<Entry> entries) noexcept : entries_(entries)
    {
        for (Entry& entry : entries_) entry = {};
    }

    // Looking up; thread-safe.

    /// The ring for this sender alone, else the one for anybody, else none. ARGO-SENDV-001.
    Reference<Ring> match(Host& host, uint32_t port, uint16_t sender) noexcept;

    /// The first ring at `place` or behind it, and moves `place` behind that; none when there are no more.
    Reference<Ring> next(Host& host, uint32_t& place) noexcept;

    // Changing; with the domain's registration lock held.

    uint32_t places() const noexcept { return static_cast<uint32_t>(entries_.size()); }
    uint32_t rings() const noexcept { return rings_; }
    uint32_t pages() const noexcept { return pages_; }

    /// The ring of exactly this port and partner, or null.
    Ring* find(uint32_t port, uint16_t partner) const noexcept;

    /// There is a free place.
    void insert(Host& host, Ring& ring) noexcept;

    /// Takes the ring out, so that nobody finds it any more. It may still have users.
    void remove(Host& host, Ring& ring) noexcept;

    /// Takes the ring at a place out if there is one and, with a partner given, if that is the ring's.
    Ring* take(Host& host, uint32_t place) noexcept;
    Ring* take(Host& host, uint32_t place, uint16_t partner) noexcept;

  private:
    Lock lock_; // the domain's lock of rings
    std::span<Entry> entries_;
    uint32_t end_ = 0; // every place from here on is free
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

/// The domain's own calls that run now, in two counts: who waits for those that began earlier lets later ones
/// go to the other count, so that the wait ends.
struct RunningCalls
{
    std::atomic<uint32_t> counts[2] = {};
};

/// A domain with all that belongs to this instance of it.
class DomainState final : public Domain
{
  public:
    /// Null if the host lacks memory. `instance` also numbers the first account and incarnation.
    static DomainState* create(Host&, uint16_t domid, void* context, uint64_t instance, uint32_t max_rings,
                               uint32_t max_bindings) noexcept;

    /// The domain has no users and no rings any more.
    static void destroy(Host&, DomainState*) noexcept;

    Users users; // calls of other domains and wake-ups; not the domain's own calls
    RunningCalls calls;
    Lock registration;
    RingTable rings;
    BindingTable bindings;
    WaitAccount waits;
    std::atomic<uint64_t> incarnation;
    std::atomic<bool> stale{false}; // the incarnation changed and was not accepted by a reset

  private:
    DomainState(uint16_t domid, void* context, uint64_t instance, std::span<RingTable::Entry>,
                std::span<Interrupt>, size_t bytes) noexcept;
    ~DomainState() = default;

    const size_t bytes_;
};

/// All domains by domid. Thread-safe. Each domid has a lock of its own.
class DomainTable
{
  public:
    /// The domain of this domid, kept alive as long as the reference. None if there is none, or it is ending.
    Reference<DomainState> find(Host& host, uint16_t domid) noexcept;

    /// Takes a domid. False if it is reserved for ever or taken, or the host lacks memory.
    bool reserve(Host& host, uint16_t domid) noexcept;

    /// Gives it back.
    void release(Host& host, uint16_t domid) noexcept;

    /// Lets a domain be found under its domid, which is reserved for it.
    void show(Host& host, DomainState& domain) noexcept;

    /// Lets it be found no more, and waits until nobody uses it.
    void hide(Host& host, DomainState& domain) noexcept;

    /// The last step: frees the table's own memory.
    void clear(Host& host) noexcept;

  private:
    struct Slot
    {
        Lock lock; // a leaf
        bool reserved = false;
        DomainState* domain = nullptr;
    };

    /// Slots come in blocks, allocated when the first domid of one is reserved.
    struct Block
    {
        Slot slots[256];
    };

    static constexpr uint32_t blocks = (ARGO_DOMID_FIRST_RESERVED + 255) / 256;

    Slot* slot(uint16_t domid) noexcept;

    std::atomic<Block*> blocks_[blocks] = {};
};

} // namespace argo::engine
