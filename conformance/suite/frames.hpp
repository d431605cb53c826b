// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Calls made by hand: frames that stand in memory as the case wants them,
// doorbells that are rung as the case wants it; and the very end of memory,
// which no allocator gives away. For cases of the lead about how calls are made.
#pragma once

#include <argo/probe.hpp>

#include <cstring>

#include "harness/platform.hpp"
#include "stories.hpp"

namespace argo::suite {

/// What the hypervisor offers, as the guest library finds it.
inline Discovery discover()
{
    Discovery found;
    require(probe(platform::machine(), {}, &found));
    if (found.base == 0) not_supported("the hypervisor has no block of Argo's");
    return found;
}

/// The mechanism with this ID; the case is left when there is none that works.
inline Mechanism offered(uint16_t id)
{
    const Discovery found = discover();
    for (uint32_t i = 0; i < found.count; i++)
        if (found.candidates[i].mechanism.id == id && found.candidates[i].confirmed())
            return found.candidates[i].mechanism;
    not_supported("the hypervisor does not offer this mechanism");
}

/// Visit every mechanism that works; findings carry its number.
template <class Visit>
void by_each_mechanism(Visit visit)
{
    const Discovery found = discover();
    for (uint32_t i = 0; i < found.count; i++) {
        if (!found.candidates[i].confirmed()) continue;
        row("mechanism", found.candidates[i].mechanism.id);
        visit(found.candidates[i].mechanism);
    }
}

/// Those of them that pass a frame.
template <class Visit>
void by_each_doorbell(Visit visit)
{
    by_each_mechanism([&](const Mechanism& mechanism) {
        if (!passes_registers(mechanism.id)) visit(mechanism);
    });
}

/// The first of those; the case is left when there is none.
inline Mechanism a_doorbell()
{
    const Discovery found = discover();
    for (uint32_t i = 0; i < found.count; i++)
        if (found.candidates[i].confirmed() && !passes_registers(found.candidates[i].mechanism.id))
            return found.candidates[i].mechanism;
    not_supported("no mechanism of the hypervisor's passes a frame");
}

/// Pass this address by the mechanism's doorbell. False: #GP.
inline bool ring_at(const Mechanism& mechanism, Gpa where)
{
    return ring_doorbell(platform::machine(), mechanism, where);
}

/// No hypervisor returns this.
inline constexpr int64_t unwritten = INT64_MIN;

/// A frame for a call of major 1, its last words marked.
inline argo_frame frame_for(uint32_t operation, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0,
                            uint64_t a3 = 0)
{
    return {ARGO_OPERATION_WORD(operation),
            0,
            {a0, a1, a2, a3},
            unwritten,
            {0x1122334455667788, 0x99aabbccddeeff00}};
}

/// Make the call that this frame describes, in memory of its own or in registers, which have no flags; the
/// frame afterwards.
inline argo_frame call_by_hand(const Mechanism& mechanism, const argo_frame& frame)
{
    if (passes_registers(mechanism.id)) {
        argo_frame after = frame;
        const uint64_t(&a)[4] = frame.arg;
        after.result =
            call_in_registers(platform::machine(), mechanism, {frame.op, {a[0], a[1], a[2], a[3]}});
        return after;
    }
    const Actor::Frame memory(lead());
    const Gpa where = lead().alloc(sizeof frame, ARGO_FRAME_ALIGN);
    lead().store(where, frame);
    expect(ring_at(mechanism, where));
    return lead().load<argo_frame>(where);
}

/// A call with a consequence that can be seen: an empty message of the lead to a ring of its own.
class Witness
{
  public:
    explicit Witness(uint32_t port = 0x171) : ring_(open_ring(lead(), port, lead(), one_page, binding(1)))
    {
        const uint16_t self = Who(lead()).value;
        const Gpa addresses = lead().alloc(sizeof(argo_send_addr));
        lead().store(addresses, argo_send_addr{{port, self, 0}, {port, self, 0}});
        frame_ = frame_for(ARGO_OP_SENDV, addresses.value, 0, 0, 7);
    }

    const argo_frame& frame() const { return frame_; }
    /// Put the frame there, unanswered.
    void arm(Gpa where) { lead().store(where, frame_); }
    /// The call that was armed there was made: answered, and done.
    void expect_made(Gpa where)
    {
        expect_eq(lead().load<argo_frame>(where).result, 0);
        expect_called();
    }
    /// The call was made once, however.
    void expect_called()
    {
        const auto message = ring_.receive();
        if (expect(message)) expect_eq(message->type, 7u);
        expect_not_called();
    }
    void expect_not_called() { expect_eq(ring_.unread(), 0u); }
    /// It was not.
    void expect_idle(Gpa where)
    {
        const auto now = lead().load<argo_frame>(where);
        expect_eq(std::memcmp(&now, &frame_, sizeof now), 0);
        expect_eq(ring_.unread(), 0u);
    }

  private:
    Ring ring_;
    argo_frame frame_;
};

/// The last page of the lead's memory, which belongs to somebody. The hypervisor reads it and writes to it in
/// the name of the lead, since pages of a ring and pieces of a message may lie anywhere. restore() puts it
/// back.
class LastPage
{
  public:
    LastPage() : header_(page()), kept_(page()), staged_(page())
    {
        move(where_, kept_);
        move(kept_, staged_);
    }

    /// The address of an object that ends `distance` bytes before the end of memory.
    template <class T>
    static Gpa at(size_t distance = 0)
    {
        return Gpa{lead().bad_gpa() - distance - sizeof(T)};
    }

    /// Let this object end that many bytes before the end of memory.
    template <class T>
    void put(const T& object, size_t distance = 0)
    {
        lead().store(Gpa{staged_.value + ARGO_PAGE_SIZE - distance - sizeof object}, object);
        move(staged_, where_);
    }
    template <class T>
    T get(size_t distance = 0)
    {
        move(where_, staged_);
        return lead().load<T>(Gpa{staged_.value + ARGO_PAGE_SIZE - distance - sizeof(T)});
    }
    void restore() { move(kept_, where_); }

  private:
    static Gpa page() { return lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE); }

    /// A ring whose second page is `to`, and a message whose header is the end of the first one.
    void move(Gpa from, Gpa to)
    {
        constexpr uint32_t port = 0x1a57, length = ring_length(2);
        constexpr uint32_t start = ring_length(1) - static_cast<uint32_t>(sizeof(argo_message));
        const uint16_t self = Who(lead()).value;
        const uint64_t frames[] = {frame_of(header_), frame_of(to)};
        const argo_iov piece[] = {{from.value, ARGO_PAGE_SIZE, 0}};
        SendArguments with;
        with.addresses = {{port, self, 0}, {port, self, 0}};
        with.pieces = piece;

        lead().store(header_, argo_ring{start, start, 0, 0, {}});
        require_ok(register_ring(
            lead(),
            {.port = port, .partner = self, .length = length, .flags = binding(1), .frames = frames}));
        require_eq(sendv(lead(), with), ARGO_PAGE_SIZE);
        require_ok(unregister_ring(lead(), {.port = port, .partner = self}));
    }

    Gpa header_, kept_, staged_;
    Gpa where_{lead().bad_gpa() - ARGO_PAGE_SIZE};
};

} // namespace argo::suite
