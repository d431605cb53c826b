// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the book says a hypervisor does: a second engine, slow and simple, for one call at a time. It was
// written from spec/*.rst and the registry. It keeps a copy of every guest's memory, in which each byte is
// what it has to be after the call.
//
// Where the book leaves bytes open, as in a payload that lies in the ring it is sent to, it takes those that
// are there.
#pragma once

#include "oracle/world.hpp"

#include <map>
#include <optional>
#include <set>

namespace argo::fuzz {

/// One binding that is made.
struct Binding
{
    uint32_t kind;
    uint64_t target, value;
};

/// A domain that waits at a ring. Of its account there is one for each reset, restore and end.
struct Waiting
{
    uint64_t account;
    uint32_t space;
};

struct ModelRing
{
    uint32_t port;
    uint16_t partner;
    uint32_t length;
    std::vector<uint32_t> pages; ///< of the owner
    uint32_t tx;
    uint16_t binding;
    bool suppress;
    std::vector<Waiting> waiting;
};

struct ModelDomain
{
    Guest* guest; ///< the domain in the world whose memory this is a copy of
    std::vector<std::byte> memory;
    std::vector<ModelRing> rings;
    std::map<uint16_t, Binding> bindings;
    uint64_t account;
    bool stale = false;
    std::optional<uint64_t> incarnation; ///< once query has told it
    std::optional<uint64_t> former;      ///< the one before a restore
};

/// How a call is made.
struct Call
{
    uint64_t word; ///< all 64 bits
    uint64_t arguments[4];
    bool user;
};

class Model
{
  public:
    Model(const engine::Limits& limits, uint64_t features) : limits_(limits), features_(features) {}

    void create(Guest&);
    void destroy(uint16_t domid);
    void restore(uint16_t domid);

    int64_t call(uint16_t domid, const Call&);

    /// False if there is no frame at this address. The result is in the frame.
    bool call_frame(uint16_t domid, uint64_t address, bool user);

    ModelDomain* find(uint16_t domid);
    std::vector<Event> take_events();

    std::byte* at(ModelDomain&, uint64_t gpa, Access);

    /// What is here is whatever is there.
    void believe(ModelDomain&, uint32_t page, uint32_t offset, uint32_t bytes);

    /// The same for the free part of every ring, and for no other byte.
    void believe_free_parts();
    void believe(ModelDomain&, uint64_t gpa, uint32_t bytes);

    uint32_t policy = 0;
    engine::Counters counters{};
    int64_t batch_result = 0; ///< what the engine returned, since a batch may stop where it likes
    const char* told = "";    ///< by which rule the last call ended

    const engine::Limits& limits() const { return limits_; }

  private:
    using Arguments = uint64_t[4];

    int64_t query(ModelDomain&, const Arguments&);
    int64_t register_ring(ModelDomain&, const Arguments&);
    int64_t unregister_ring(ModelDomain&, const Arguments&);
    int64_t sendv(ModelDomain&, const Arguments&);
    int64_t send(ModelDomain&, const argo_send_addr&, uint64_t iovs, uint32_t count, uint32_t type);
    int64_t send_batch(ModelDomain&, const Arguments&);
    int64_t notify(ModelDomain&, const Arguments&);
    int64_t vector(ModelDomain&, const Arguments&);
    int64_t reset(ModelDomain&);

    int64_t refuse(int64_t error, const char* requirement);
    bool allowed(engine::Hook, uint16_t caller, uint32_t caller_port, uint16_t other,
                 uint32_t other_port) const;

    bool accessible(ModelDomain&, uint64_t gpa, uint64_t bytes, Access);
    bool read(ModelDomain&, uint64_t gpa, void* to, uint64_t bytes);
    void write(ModelDomain&, uint64_t gpa, const void* from, uint64_t bytes);

    // Rings.
    static std::byte* byte_of(ModelDomain& owner, const ModelRing&, uint64_t offset);
    static uint32_t word_of(ModelDomain& owner, const ModelRing&, uint32_t offset);
    static void set_word(ModelDomain& owner, const ModelRing&, uint32_t offset, uint32_t value);
    static uint32_t rx_of(ModelDomain& owner, const ModelRing&);
    static uint32_t free_bytes(ModelDomain& owner, const ModelRing&);
    static bool fits(uint32_t payload, uint32_t free);
    ModelRing* match(ModelDomain& owner, uint32_t port, uint16_t sender);
    void put(ModelDomain& owner, ModelRing&, ModelDomain& sender, const argo_message&,
             const std::vector<argo_iov>&);

    // Events and waiters.
    void signal(ModelDomain&, uint16_t binding);
    bool wait(ModelDomain& sender, ModelRing&, uint32_t space);
    void wake(ModelDomain& owner, ModelRing&, bool all);
    void end_ring(ModelDomain& owner, size_t which);
    void drop_everything(ModelDomain&);

    engine::Limits limits_;
    uint64_t features_;
    std::map<uint16_t, ModelDomain> domains_;
    uint64_t accounts_ = 0;
    std::vector<Event> events_;
    bool in_batch_ = false;
    std::set<std::pair<uint16_t, uint16_t>> burst_; ///< events that a batch is due, by domid and binding
};

} // namespace argo::fuzz
