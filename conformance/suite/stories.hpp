// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Steps that cases of several chapters share: rings without room, waiters by the dozen, domains that are not
// there, events that must have come by now.
#pragma once

#include "harness/platform.hpp"
#include "harness/suite.hpp"

namespace argo::suite {

/// The smallest ring there is. It takes one message of `brimful` bytes, and nothing beside it.
inline constexpr uint32_t smallest = ARGO_RING_MIN_LENGTH;
inline constexpr uint32_t brimful = smallest - ARGO_RING_OVERHEAD;

constexpr uint32_t slots_up(uint32_t bytes) { return (bytes + ARGO_SLOT - 1) / ARGO_SLOT * ARGO_SLOT; }

/// Bytes of ring that a message with this much payload takes.
constexpr uint32_t footprint(uint32_t payload)
{
    return static_cast<uint32_t>(sizeof(argo_message)) + slots_up(payload);
}

/// An ordinary domid that is nobody's: hypervisors count from below.
inline Who nobody()
{
    constexpr uint16_t last = ARGO_DOMID_FIRST_RESERVED - 1;
    return Who(lead()).value == last ? last - 1 : last;
}

/// The longest ring that there may be.
inline uint32_t longest_ring()
{
    const argo_info& info = lead().info();
    const uint32_t length = info.max_ring_length / ARGO_SLOT * ARGO_SLOT;
    return ring_pages(length) > info.max_pages ? ring_length(info.max_pages) : length;
}

/// The largest message that there may be.
inline uint32_t largest_message()
{
    const uint32_t fits = longest_ring() - ARGO_RING_OVERHEAD;
    return fits < lead().info().max_message ? fits : lead().info().max_message;
}

/// Pieces that together have `size` bytes, in little memory: each is the same bytes. As many as everybody may
/// send.
struct Repeated
{
    argo_iov room[ARGO_MIN_MAX_IOV];
    std::span<argo_iov> pieces{room, lead().info().max_iov < ARGO_MIN_MAX_IOV ? lead().info().max_iov
                                                                              : ARGO_MIN_MAX_IOV};

    Repeated(Actor& actor, uint32_t size)
    {
        const auto count = static_cast<uint32_t>(pieces.size());
        const uint32_t each = (size + count - 1) / count;
        const uint64_t base = actor.alloc(each).value;
        for (argo_iov& piece : pieces) {
            piece = {base, size < each ? size : each, 0};
            size -= piece.length;
        }
    }
    Repeated(const Repeated&) = delete;
};

/// The page frame of an address.
constexpr uint64_t frame_of(Gpa where) { return where.value / ARGO_PAGE_SIZE; }

/// Flags of a registration that name a binding; binding 0 where there are not so many.
inline uint64_t binding(uint16_t index)
{
    return index < lead().info().max_bindings ? uint64_t{index} << ARGO_REGISTER_BINDING_SHIFT : 0;
}

/// The harness has the first binding and the last; a case that wants `count` more begins with this.
inline void needs_bindings(uint32_t count)
{
    if (lead().info().max_bindings < count + 2) not_supported("max_bindings is too small for this case");
}

/// Move rx_ptr so that this many bytes are free, 16 to the ring's length. The ring's messages become what
/// they may.
inline void leave_free(Ring& ring, uint32_t free) { ring.set_rx((ring.tx() + free) % ring.length()); }

/// A smallest ring for one sender, without room for any other message. Its events go to binding 1, which is
/// nobody's unless the case makes it: so whatever comes to binding 0 is about space.
inline Ring full_ring(Actor& owner, uint32_t port, Actor& sender)
{
    Ring ring = open_ring(owner, port, sender, smallest, binding(1));
    require_eq(send_pattern(sender, port, owner, port, brimful, port), brimful);
    return ring;
}

/// Smallest rings of the lead for itself on `count` ports from `first` on. All share one page, which is
/// enough for rings that nothing is put into: as they are empty, or look full from the start.
inline Pages open_many(uint32_t first, uint32_t count, bool full)
{
    const Pages page{lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
    lead().store(page.base, argo_ring{0, full ? footprint(brimful) : 0, 0, 0, {}});
    for (uint32_t port = first; port - first < count; port++)
        require_ok(register_ring(
            lead(),
            {.port = port, .partner = lead(), .length = smallest, .flags = binding(1), .pages = page}));
    return page;
}

/// Take them back.
inline void close_many(uint32_t first, uint32_t count)
{
    for (uint32_t port = first; port - first < count; port++)
        require_ok(unregister_ring(lead(), {.port = port, .partner = lead()}));
}

/// What a waiter gets who sends to a ring without room: an empty message, to a ring of its own domain.
inline int64_t knock(uint32_t port) { return send(lead(), 1, lead(), port, {}); }

/// Whether a domain by itself can want to wait at more rings than it may: every ring of its own, and one
/// more.
inline bool can_run_out_of_waiters() { return lead().info().max_rings > lead().info().max_waiters + 2; }

/// Let the lead wait at `count` of its own rings, on ports from `first` on. One more full ring follows them,
/// at which it does not wait. Nothing is put into these rings, and nobody may look into them.
inline void wait_at_rings(uint32_t first, uint32_t count)
{
    if (!can_run_out_of_waiters())
        not_supported("one domain cannot reach max_waiters: max_rings is too small");
    open_many(first, count + 1, true);
    for (uint32_t port = first; port - first < count; port++) require_error(knock(port), ARGO_EAGAIN);
}

/// Let a call of another domain that was begun come about as far as it may: from a microsecond to some
/// milliseconds, since nobody knows how fast it is.
inline void dawdle()
{
    const uint64_t from = platform::now(), span = random_below(UINT64_C(1024) << random_below(13));
    while (platform::now() - from < span) {
    }
}

/// Wait for an event that must come, and that was caused after everything else: what came to this domain's
/// first vCPU before it is counted by then. A case that expects silence waits for this, not for time to pass.
/// Takes the last but one of the bindings.
inline void settle(Actor& actor)
{
    constexpr uint8_t vector = free_vector + 15;
    constexpr uint32_t port = 0x5e771e;
    needs_bindings(1);
    const Actor::Frame frame(actor);
    const auto index = static_cast<uint16_t>(actor.info().max_bindings - 2);
    Ring ring = open_ring(actor, port, actor, smallest, binding(index));
    const uint32_t before = actor.events(vector);
    require_ok(bind(actor, index, vector));
    require_ok(send(actor, port, actor, port, {}));
    require(actor.wait_event(vector, before));
    require_ok(unbind(actor, index));
}

} // namespace argo::suite
