// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// vector: how a domain wants to hear of events. Book: spec/vector.rst.

#include "precedence.hpp"

using namespace argo::suite;

namespace {

constexpr uint8_t first = free_vector, second = free_vector + 1;

int64_t vector_call(uint64_t index, uint64_t kind, uint64_t target, uint64_t value)
{
    return lead().call(ARGO_OP_VECTOR, index, kind, target, value);
}

/// A message to this port is heard as this interrupt.
void expect_heard(uint32_t port, uint8_t vector)
{
    const uint32_t before = lead().events(vector);
    require_ok(send(lead(), 9, lead(), port, {}));
    expect(lead().wait_event(vector, before));
}

/// A message to this port is not heard as this interrupt.
void expect_quiet(uint32_t port, uint8_t vector)
{
    const uint32_t before = lead().events(vector);
    require_ok(send(lead(), 9, lead(), port, {}));
    settle(lead());
    expect_eq(lead().events(vector), before);
}

/// The message that means this vCPU, as an operating system's own allocation has it.
uint64_t address_of(uint64_t vcpu) { return UINT64_C(0xfee00000) | vcpu << 12; }

int64_t message_call(uint64_t address, uint64_t data)
{
    return vector_call(1, ARGO_BINDING_MSI, address, data);
}

/// Leaves the case where kind MSI is not offered. Binding 1 is not made then.
void needs_messages()
{
    needs_bindings(2);
    if (lead().vcpu() > 0xfe) not_supported("the lead's vCPU has no ID of 8 bits, which messages have");
    if (message_call(address_of(lead().vcpu()), first) == -int64_t{ARGO_EINVAL})
        not_supported("bindings of kind MSI are not offered here");
    expect_eq(unbind(lead(), 1), 0);
}

} // namespace

CASE(vector, a_binding_delivers_its_vector, interrupt_vector, "ARGO-VECTOR-001")
{
    needs_bindings(2);
    auto ring = open_loopback(one_page, 1, binding(1));
    for (uint8_t vector = free_vector; vector < free_vector + 15; vector++) {
        row("vector", vector);
        expect_eq(vector_call(1, ARGO_BINDING_LAPIC, lead().vcpu(), vector), 0);
        expect_heard(1, vector);
    }
}

CASE(vector, an_event_is_an_edge, interrupt_vector, "ARGO-VECTOR-001")
{
    // One message is one interrupt. A level that nobody takes back would come again and again.
    needs_bindings(2);
    require_ok(bind(lead(), 1, first));
    auto ring = open_loopback(one_page, 1, binding(1));
    const uint32_t before = lead().events(first);
    require_ok(send(lead(), 9, lead(), 1, {}));
    require(lead().wait_event(first, before));
    settle(lead());
    settle(lead());
    expect_eq(lead().events(first), before + 1);
}

CASE(vector, every_vector_of_the_range_can_be_named, interrupt_vector, "ARGO-VECTOR-001", "ARGO-VECTOR-103")
{
    needs_bindings(2);
    // The first, where signs change, and the last; only named
    // here, as a guest may use them for something else.
    for (const uint64_t value : {32u, 33u, 127u, 128u, 254u, 255u}) {
        row("vector", value);
        expect_eq(vector_call(1, ARGO_BINDING_LAPIC, lead().vcpu(), value), 0);
    }
    expect_eq(unbind(lead(), 1), 0);
}

CASE(vector, a_changed_binding_delivers_as_it_says_now, interrupt_vector, "ARGO-VECTOR-002")
{
    needs_bindings(2);
    auto ring = open_loopback(one_page, 1, binding(1));
    require_ok(bind(lead(), 1, first));
    expect_heard(1, first);
    expect_eq(bind(lead(), 1, second), 0);
    expect_quiet(1, first);
    expect_heard(1, second);
    expect_eq(bind(lead(), 1, first), 0); // And back.
    expect_quiet(1, second);
    expect_heard(1, first);
}

CASE(vector, kind_none_drops_a_binding, interrupt_vector, "ARGO-VECTOR-003")
{
    needs_bindings(3);
    auto ring = open_loopback(one_page, 1, binding(1)), other = open_loopback(one_page, 2, binding(2));
    require_ok(bind(lead(), 1, first));
    require_ok(bind(lead(), 2, second));
    expect_eq(vector_call(1, ARGO_BINDING_NONE, 0, 0), 0);
    expect_quiet(1, first);
    expect_heard(2, second); // That one and no other.
}

CASE(vector, nothing_can_be_dropped, interrupt_vector, "ARGO-VECTOR-004")
{
    needs_bindings(2);
    expect_eq(unbind(lead(), 1), 0); // Never made ...
    require_ok(bind(lead(), 1, first));
    expect_eq(unbind(lead(), 1), 0);
    expect_eq(unbind(lead(), 1), 0); // ... and dropped before.
}

CASE(vector, two_bindings_may_be_one_interrupt, interrupt_vector, "ARGO-VECTOR-005")
{
    needs_bindings(3);
    auto one = open_loopback(one_page, 1, binding(1)), two = open_loopback(one_page, 2, binding(2));
    expect_eq(bind(lead(), 1, first), 0);
    expect_eq(bind(lead(), 2, first), 0);
    expect_heard(1, first);
    expect_heard(2, first);
    // They stay two: one goes, the other one is there.
    expect_eq(unbind(lead(), 1), 0);
    expect_quiet(1, first);
    expect_heard(2, first);
}

CASE(vector, a_ring_may_name_what_is_made_later, interrupt_vector, "ARGO-VECTOR-006", "ARGO-EVENT-006")
{
    needs_bindings(2);
    auto ring = open_loopback(one_page, 1, binding(1));
    expect_quiet(1, first);
    expect_eq(bind(lead(), 1, first), 0);
    expect_heard(1, first);
    expect_eq(unbind(lead(), 1), 0);
    expect_quiet(1, first);
    expect_eq(bind(lead(), 1, second), 0); // The ring's wish outlives the binding.
    expect_heard(1, second);
}

CASE(vector, every_index_can_be_used, interrupt_vector, "ARGO-VECTOR-007")
{
    // All made at once, with no more vectors than there are; each ring hears at its own.
    const uint32_t limit = lead().info().max_bindings;
    for (uint32_t index = 0; index < limit; index++) {
        row("index", index);
        require_eq(bind(lead(), index, static_cast<uint8_t>(free_vector + index % 15)), 0);
    }
    for (uint32_t index = 0; index < limit; index++) {
        row("index", index);
        const Actor::Frame frame(lead());
        auto ring = open_loopback(smallest, 1, binding(static_cast<uint16_t>(index)));
        expect_heard(1, static_cast<uint8_t>(free_vector + index % 15));
    }
}

CASE(vector, indices_end_at_the_limit, interrupt_vector, "ARGO-VECTOR-101")
{
    const uint64_t limit = lead().info().max_bindings;
    for (const uint64_t index :
         {limit, limit + 1, UINT64_C(1) << 16, UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX}) {
        row("index", index);
        expect_error(vector_call(index, ARGO_BINDING_LAPIC, lead().vcpu(), first), ARGO_EINVAL);
        // There is nothing to drop either.
        expect_error(vector_call(index, ARGO_BINDING_NONE, 0, 0), ARGO_EINVAL);
    }
    expect_eq(vector_call(limit - 1, ARGO_BINDING_LAPIC, lead().vcpu(), first), 0);
}

CASE(vector, kinds_are_known_and_offered, interrupt_vector, "ARGO-VECTOR-102", "ARGO-CALL-005")
{
    needs_bindings(2);
    auto ring = open_loopback(one_page, 1, binding(1));
    require_ok(bind(lead(), 1, first));
    // No kind has a number like these, and the kinds of other
    // platforms are not offered where there is a LAPIC.
    for (const uint64_t kind : {UINT64_C(0x40), UINT64_C(0xff), UINT64_C(0xffffffff),
                                UINT64_C(1) << 32 | ARGO_BINDING_LAPIC, UINT64_C(1) << 32, UINT64_MAX}) {
        row("kind", kind);
        expect_error(vector_call(1, kind, lead().vcpu(), second), ARGO_EINVAL);
        expect_error(vector_call(1, kind, 0, 0), ARGO_EINVAL);
    }
    row("kind", ARGO_BINDING_INTID);
    expect_error(vector_call(1, ARGO_BINDING_INTID, lead().vcpu(), second), ARGO_EINVAL);
    expect_heard(1, first); // The binding is what it was.
}

CASE(vector, vectors_are_in_range, interrupt_vector, "ARGO-VECTOR-103", "ARGO-CALL-005")
{
    needs_bindings(2);
    auto ring = open_loopback(one_page, 1, binding(1));
    require_ok(bind(lead(), 1, first));
    // Exceptions are not for events; more than a byte is no vector, whatever its low byte.
    for (const uint64_t value : {UINT64_C(0), UINT64_C(1), UINT64_C(14), UINT64_C(31), UINT64_C(256),
                                 UINT64_C(0x100) | second, UINT64_C(1) << 32 | second, UINT64_MAX}) {
        row("vector", value);
        expect_error(vector_call(1, ARGO_BINDING_LAPIC, lead().vcpu(), value), ARGO_EINVAL);
    }
    expect_heard(1, first);
}

CASE(vector, the_target_is_a_vcpu, interrupt_vector, "ARGO-VECTOR-103", "ARGO-CALL-005")
{
    needs_bindings(2);
    auto ring = open_loopback(one_page, 1, binding(1));
    require_ok(bind(lead(), 1, first));
    // Not everybody (the broadcast), not somebody far beyond,
    // and not oneself with something in the high half.
    for (const uint64_t target :
         {UINT64_C(0xffffffff), UINT64_C(0x7fffffff), UINT64_C(0xfffffff0), UINT64_C(1) << 32 | lead().vcpu(),
          UINT64_C(1) << 63 | lead().vcpu(), UINT64_MAX}) {
        row("target", target);
        expect_error(vector_call(1, ARGO_BINDING_LAPIC, target, second), ARGO_EINVAL);
    }
    expect_heard(1, first);
}

CASE(vector, kind_none_takes_nothing, interrupt_vector, "ARGO-VECTOR-103", "ARGO-CALL-005")
{
    needs_bindings(2);
    auto ring = open_loopback(one_page, 1, binding(1));
    require_ok(bind(lead(), 1, first));
    expect_error(vector_call(1, ARGO_BINDING_NONE, 1, 0), ARGO_EINVAL);
    expect_error(vector_call(1, ARGO_BINDING_NONE, 0, first), ARGO_EINVAL);
    expect_error(vector_call(1, ARGO_BINDING_NONE, UINT64_C(1) << 63, 0), ARGO_EINVAL);
    expect_heard(1, first); // Nothing was dropped.
}

// Kind MSI.

CASE(vector, a_message_delivers_its_vector, interrupt_vector, "ARGO-VECTOR-011")
{
    needs_messages();
    auto ring = open_loopback(one_page, 1, binding(1));
    for (uint8_t vector = free_vector; vector < free_vector + 15; vector++) {
        row("vector", vector);
        expect_eq(message_call(address_of(lead().vcpu()), vector), 0);
        expect_heard(1, vector);
    }
}

CASE(vector, a_message_is_an_edge_of_fixed_delivery, interrupt_vector, "ARGO-VECTOR-011", "ARGO-VECTOR-012")
{
    // Lowest priority among one is that one, and an edge has no level.
    needs_messages();
    auto ring = open_loopback(one_page, 1, binding(1));
    for (const uint64_t bits : {0x0u, 0x100u, 0x4000u, 0x4100u}) {
        row("bits", bits);
        expect_eq(message_call(address_of(lead().vcpu()), bits | first), 0);
        const uint32_t before = lead().events(first);
        require_ok(send(lead(), 9, lead(), 1, {}));
        require(lead().wait_event(first, before));
        settle(lead());
        settle(lead());
        expect_eq(lead().events(first), before + 1);
    }
}

CASE(vector, a_binding_changes_its_kind, interrupt_vector, "ARGO-VECTOR-002", "ARGO-VECTOR-003",
     "ARGO-VECTOR-011")
{
    needs_messages();
    auto ring = open_loopback(one_page, 1, binding(1));
    require_ok(bind(lead(), 1, first));
    expect_heard(1, first);
    expect_eq(message_call(address_of(lead().vcpu()), second), 0);
    expect_quiet(1, first);
    expect_heard(1, second);
    expect_eq(bind(lead(), 1, first), 0);
    expect_quiet(1, second);
    expect_heard(1, first);
    expect_eq(message_call(address_of(lead().vcpu()), second), 0);
    expect_eq(unbind(lead(), 1), 0);
    expect_quiet(1, second);
}

CASE(vector, two_bindings_may_be_one_message, interrupt_vector, "ARGO-VECTOR-005", "ARGO-VECTOR-011")
{
    needs_bindings(4);
    needs_messages();
    auto one = open_loopback(one_page, 1, binding(1)), two = open_loopback(one_page, 2, binding(2)),
         three = open_loopback(one_page, 3, binding(3));
    // Twice the same message, and a vector that is the same interrupt.
    expect_eq(message_call(address_of(lead().vcpu()), first), 0);
    expect_eq(vector_call(2, ARGO_BINDING_MSI, address_of(lead().vcpu()), first), 0);
    expect_eq(bind(lead(), 3, first), 0);
    for (const uint32_t port : {1u, 2u, 3u}) expect_heard(port, first);
    expect_eq(unbind(lead(), 1), 0);
    expect_quiet(1, first);
    expect_heard(2, first);
    expect_heard(3, first);
}

CASE(vector, messages_have_the_address_of_a_vcpu, interrupt_vector, "ARGO-VECTOR-103", "ARGO-CALL-005")
{
    needs_messages();
    auto ring = open_loopback(one_page, 1, binding(1));
    require_ok(bind(lead(), 1, first));
    const uint64_t right = address_of(lead().vcpu());
    // Hint, logical destination, what is left of longer IDs, other addresses: a bit each.
    for (unsigned bit = 0; bit < 64; bit++) {
        if (bit >= 12 && bit < 20) continue; // the destination
        row("bit", bit);
        expect_error(message_call(right ^ UINT64_C(1) << bit, second), ARGO_EINVAL);
    }
    for (const uint64_t address :
         {UINT64_C(0), lead().vcpu(), address_of(0xff), address_of(0xfe), UINT64_MAX}) {
        row("address", address);
        expect_error(message_call(address, second), ARGO_EINVAL);
    }
    expect_heard(1, first); // The binding is what it was.
}

CASE(vector, messages_have_data_of_an_edge, interrupt_vector, "ARGO-VECTOR-103", "ARGO-CALL-005")
{
    needs_messages();
    auto ring = open_loopback(one_page, 1, binding(1));
    require_ok(bind(lead(), 1, first));
    const uint64_t right = address_of(lead().vcpu());
    // Other modes of delivery (SMI, NMI, INIT and so on), a level, and what is reserved.
    for (unsigned bit = 9; bit < 64; bit++) {
        if (bit == 14) continue;
        row("bit", bit);
        expect_error(message_call(right, UINT64_C(1) << bit | second), ARGO_EINVAL);
    }
    for (const uint64_t data :
         {UINT64_C(0), UINT64_C(1), UINT64_C(14), UINT64_C(31), UINT64_C(0x4100), UINT64_C(0x700) | second}) {
        row("data", data);
        expect_error(message_call(right, data), ARGO_EINVAL);
    }
    expect_heard(1, first);
}

namespace {

struct Bound
{
    uint64_t index, kind, target, value;
};

constexpr Fault<Bound> vector_faults[] = {
    {"ARGO-VECTOR-101", "an index too high", [](Bound& b) { b.index = lead().info().max_bindings; }},
    {"ARGO-VECTOR-102", "an unknown kind", [](Bound& b) { b.kind = 0x40; }},
    {"ARGO-VECTOR-103", "a vector of exceptions", [](Bound& b) { b.value = 31; }},
    {"ARGO-VECTOR-103", "a vCPU that is none", [](Bound& b) { b.target = 0x7fffffff; }},
    {"ARGO-VECTOR-104", "the policy profile has it"},
};
static_assert(covers(vector_faults, vector_errors));

} // namespace

CASE(vector, each_error_is_told_by_itself, interrupt_vector, "ARGO-VECTOR-101", "ARGO-VECTOR-102",
     "ARGO-VECTOR-103")
{
    // They are all one number, so which of two is told cannot be seen; that each is told, can.
    needs_bindings(2);
    auto ring = open_loopback(one_page, 1, binding(1));
    require_ok(bind(lead(), 1, first));
    expect_precedence(
        vector_faults, vector_errors,
        [] {
            return Bound{1, ARGO_BINDING_LAPIC, lead().vcpu(), second};
        },
        [](Bound& b) { return vector_call(b.index, b.kind, b.target, b.value); });
    expect_heard(1, first);
}
