// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// send_batch: a burst is one event, and none is lost. Book: spec/send_batch.rst, spec/suppress.rst.
//
// Events are counted: settle() says when all that were caused have come.

#include "halting.hpp"
#include "send_batch.hpp"

using namespace argo::suite;

namespace {

constexpr uint8_t heard = free_vector;

/// Bindings 1 to `count` of this domain as interrupts `heard` and those behind it.
void listen(Actor& actor, uint16_t count = 1)
{
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    needs_bindings(count + 1);
    for (uint16_t i = 0; i < count; i++) require_ok(bind(actor, i + 1u, static_cast<uint8_t>(heard + i)));
}

void set_wish(Ring& ring, uint32_t wish, uint32_t position = 0)
{
    ring.owner().store(Gpa{ring.base().value + offsetof(argo_ring, position)}, position);
    ring.owner().store(Gpa{ring.base().value + offsetof(argo_ring, wish)}, wish);
}

/// Send it, and how many events of this kind the actor has heard more. Each call may be one burst.
struct Heard
{
    uint32_t calls, events;
};
Heard hear(Batch& batch, Actor& actor, uint8_t vector = heard)
{
    const uint32_t before = actor.events(vector);
    const uint32_t calls = batch.send();
    settle(actor);
    return {calls, actor.events(vector) - before};
}

} // namespace

CASE(send_batch, a_burst_is_one_event, batch, "ARGO-BATCH-012", "ARGO-BATCH-011", "ARGO-EVENT-001")
{
    listen(lead());
    auto one = open_loopback(one_page, 1, binding(1)), two = open_loopback(one_page, 2, binding(1));
    for (const uint32_t count : {1u, 2u, 8u, 32u}) {
        row("messages", count);
        const Actor::Frame frame(lead());
        Batch batch;
        for (uint32_t i = 0; i < count; i++) batch.add(lead(), 1 + i % 2, 8, i, i);
        const auto [calls, events] = hear(batch, lead());
        expect(events >= 1 && events <= calls);
        one.drain();
        two.drain();
    }
}

CASE(send_batch, a_burst_of_another_domain_is_one_event, batch, "ARGO-BATCH-012", "ARGO-BATCH-011")
{
    // The receiver's vCPU is another one than the sender's: it could hear of each message by itself.
    listen(lead());
    auto ring = open_ring(lead(), 1, peer(), one_page, binding(1));
    for (uint32_t round = 0; round < 4; round++) {
        row("round", round);
        const Actor::Frame frame(peer());
        Batch batch(peer());
        for (uint32_t i = 0; i < 16; i++) batch.add(lead(), 1, 8, i, i);
        const auto [calls, events] = hear(batch, lead());
        expect(events >= 1 && events <= calls);
        for (uint32_t i = 0; i < 16; i++) expect_next(ring, 8, i, i);
    }
}

CASE(send_batch, each_binding_hears, batch, "ARGO-BATCH-011", "ARGO-BATCH-012")
{
    // Three rings with a binding each; some of them once, some again and again, in no order.
    listen(lead(), 3);
    Ring rings[] = {open_loopback(one_page, 1, binding(1)), open_loopback(one_page, 2, binding(2)),
                    open_loopback(one_page, 3, binding(3))};
    for (const char* const order : {"123", "321", "1121", "3323", "12121212", "2", "1113", "31"}) {
        row(order);
        const Actor::Frame frame(lead());
        Batch batch;
        uint32_t before[3], due[3] = {};
        for (uint8_t i = 0; i < 3; i++) before[i] = lead().events(static_cast<uint8_t>(heard + i));
        for (const char* port = order; *port != 0; port++) {
            batch.add(lead(), static_cast<uint32_t>(*port - '0'), 8, 1);
            due[*port - '1'] = 1;
        }
        const uint32_t calls = batch.send();
        settle(lead());
        for (uint8_t i = 0; i < 3; i++) {
            const uint32_t events = lead().events(static_cast<uint8_t>(heard + i)) - before[i];
            expect(events >= due[i] && events <= due[i] * calls);
        }
        for (Ring& ring : rings) ring.drain();
    }
}

CASE(send_batch, each_domain_hears, batch, "ARGO-BATCH-011")
{
    // The same binding of three domains is three.
    listen(lead());
    listen(peer());
    listen(third());
    auto here = open_ring(lead(), 1, lead(), one_page, binding(1)),
         there = open_ring(peer(), 1, lead(), one_page, binding(1)),
         yonder = open_ring(third(), 1, lead(), one_page, binding(1));
    const uint32_t at_lead = lead().events(heard), at_peer = peer().events(heard),
                   at_third = third().events(heard);
    Batch batch;
    for (uint32_t i = 0; i < 2; i++) {
        batch.add(peer(), 1, 8, 1);
        batch.add(third(), 1, 8, 1);
        batch.add(lead(), 1, 8, 1);
    }
    batch.send();
    expect(lead().wait_event(heard, at_lead));
    expect(peer().wait_event(heard, at_peer));
    expect(third().wait_event(heard, at_third));
}

CASE(send_batch, what_is_refused_is_not_heard, batch, "ARGO-BATCH-001", "ARGO-EVENT-009")
{
    listen(lead());
    auto ring = open_loopback(smallest, 1, binding(1));
    Batch batch;
    batch.add(lead(), 1, brimful + 1, 1);                            // too long for it
    batch.add(lead(), 1, 4, 1).addresses.src.domid = nobody().value; // in another's name
    batch.add(lead(), 1, 4, 1).reserved = 1;
    expect_eq(hear(batch, lead()).events, 0u);
    expect_eq(ring.unread(), 0u);
}

CASE(send_batch, wishes_are_obeyed_message_by_message, batch, "ARGO-BATCH-001", "ARGO-BATCH-011",
     "ARGO-SUPPRESS-001", "ARGO-SUPPRESS-002")
{
    not_supported_unless(ARGO_FEATURE_SUPPRESS, "feature SUPPRESS is not offered");
    listen(lead());
    auto ring = open_loopback(one_page, 1, ARGO_REGISTER_SUPPRESS | binding(1));
    const struct
    {
        const char* what;
        uint32_t wish, position;
        bool asked;
    } rows[] = {{"each", ARGO_WISH_EACH, 0, true},
                {"none", ARGO_WISH_NONE, 0, false},
                {"the first one", ARGO_WISH_PAST, 0, true},
                {"one in the middle", ARGO_WISH_PAST, 3 * footprint(8), true},
                {"the last one", ARGO_WISH_PAST, 8 * footprint(8) - 1, true},
                {"the next one", ARGO_WISH_PAST, 8 * footprint(8), false}};
    for (const auto& [what, wish, position, asked] : rows) {
        row(what);
        const Actor::Frame frame(lead());
        ring.set_rx(0);
        ring.set_tx(0);
        require_ok(register_ring(lead(), {.port = 1,
                                          .partner = lead(),
                                          .length = one_page,
                                          .flags = ARGO_REGISTER_SUPPRESS | binding(1),
                                          .pages = ring.pages()}));
        set_wish(ring, wish, position);
        Batch batch;
        for (uint32_t i = 0; i < 8; i++) batch.add(lead(), 1, 8, i, i);
        const auto [calls, events] = hear(batch, lead());
        expect(asked ? events >= 1 && events <= calls : events == 0);
        expect_eq(ring.unread(), 8 * footprint(8));
    }
}

CASE(send_batch, a_quiet_ring_between_loud_ones, batch, "ARGO-BATCH-011", "ARGO-SUPPRESS-001")
{
    not_supported_unless(ARGO_FEATURE_SUPPRESS, "feature SUPPRESS is not offered");
    listen(lead(), 2);
    auto loud = open_loopback(one_page, 1, binding(1)),
         quiet = open_loopback(one_page, 2, ARGO_REGISTER_SUPPRESS | binding(2));
    set_wish(quiet, ARGO_WISH_NONE);
    const uint32_t silent = lead().events(heard + 1);
    Batch batch;
    batch.add(lead(), 2);
    batch.add(lead(), 1);
    batch.add(lead(), 2);
    expect_ne(hear(batch, lead()).events, 0u);
    expect_eq(lead().events(heard + 1), silent);
    expect_eq(quiet.unread(), 2 * footprint(0));
}

CASE(send_batch, an_event_ends_the_halt, batch, "ARGO-BATCH-011", "ARGO-EVENT-005")
{
    // A receiver that halts races with batches: whatever falls where, it wakes up.
    needs_bindings(2);
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    auto ring = open_loopback(one_page, 1, binding(1));
    static HaltingReceiver receiver(ring);
    receiver = HaltingReceiver(ring);
    Vcpu vcpu(
        1, [](void* it) { return static_cast<HaltingReceiver*>(it)->step(); }, &receiver);
    require_eq(lead().call(ARGO_OP_VECTOR, 1, ARGO_BINDING_LAPIC, vcpu.target(), heard), 0);
    for (Races rounds; rounds.more();) {
        const Actor::Frame frame(lead());
        Batch batch;
        batch.add(lead(), 1);
        batch.add(lead(), 1);
        batch.send();
        require(comes_true([&] { return ring.unread() == 0; }));
    }
}
