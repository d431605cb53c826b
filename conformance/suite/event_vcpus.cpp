// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// event: which vCPU hears, in which order, and what waits for it. Books: spec/event.rst, spec/vector.rst.
//
// The lead sends to rings of its own, whose bindings are for each of its vCPUs. While interrupts are held
// back, what a vCPU has heard says how many times it was told; else only that it was.
#include "halting.hpp"

using namespace argo::suite;

namespace {

// Of three classes of 16; a local APIC takes the highest first.
constexpr uint8_t low = free_vector, middle = free_vector + 0x20, high = free_vector + 0x40;

constexpr uint32_t vcpus = platform::most_vcpus;

int64_t bind_at(uint64_t target, uint64_t index, uint8_t vector)
{
    return lead().call(ARGO_OP_VECTOR, index, ARGO_BINDING_LAPIC, target, vector);
}

/// A ring on this port, whose binding has the port's number.
Ring ring_at(uint32_t port) { return open_loopback(one_page, port, binding(static_cast<uint16_t>(port))); }

int64_t tell(uint32_t port) { return send(lead(), 9, lead(), port, {}); }

/// A message to this port is heard by this vCPU.
void expect_heard(uint32_t port, const Vcpu& vcpu, uint8_t vector)
{
    const uint32_t before = vcpu.events(vector);
    require_ok(tell(port));
    expect(vcpu.wait_event(vector, before));
}

/// As long as this lives, the lead's first vCPU takes no interrupt of this vector's class, or below.
class Held
{
  public:
    explicit Held(uint8_t vector)
    {
        if (!platform::has_local_apic()) not_supported("event channels have no order");
        // The class above, which nobody uses: QEMU's SVM takes a virtual interrupt of the very class of the
        // task priority, which its hypervisor then refuses, for ever.
        constexpr uint8_t next_class = 0x10;
        if (!platform::hold_events(static_cast<uint8_t>(vector + next_class)))
            skip("interrupts cannot be held back here");
    }
    ~Held() { release(); }
    Held(const Held&) = delete;
    void release() { platform::hold_events(0); }
};

} // namespace

// Each vCPU.

CASE(event, each_vcpu_hears_what_is_for_it, interrupt_vector, "ARGO-VECTOR-001", "ARGO-EVENT-001")
{
    needs_bindings(vcpus);
    Vcpu one(1), two(2), three(3);
    const Vcpu* const all[] = {&one, &two, &three};
    for (uint32_t n = 1; n < vcpus; n++) require_eq(bind_at(all[n - 1]->target(), n, low), 0);
    for (uint32_t n = 1; n < vcpus; n++) {
        row("vCPU", n);
        const Actor::Frame frame(lead());
        auto ring = ring_at(n);
        uint32_t before[vcpus];
        for (uint32_t other = 0; other < vcpus; other++) before[other] = platform::events(low, other);
        expect_heard(n, *all[n - 1], low);
        settle(lead());
        for (uint32_t other = 0; other < vcpus; other++)
            if (other != n) expect_eq(platform::events(low, other), before[other]);
    }
}

CASE(event, each_vcpu_hears_its_message, interrupt_vector, "ARGO-VECTOR-011", "ARGO-EVENT-001")
{
    // As above, by messages of an operating system's own.
    needs_bindings(vcpus);
    Vcpu one(1), two(2), three(3);
    const Vcpu* const all[] = {&one, &two, &three};
    for (uint32_t n = 0; n < vcpus; n++) {
        const uint64_t target = n == 0 ? lead().vcpu() : all[n - 1]->target();
        const int64_t result =
            lead().call(ARGO_OP_VECTOR, n, ARGO_BINDING_MSI, 0xfee00000 | target << 12, low);
        if (n == 0 && result == -int64_t{ARGO_EINVAL})
            not_supported("bindings of kind MSI are not offered here");
        require_eq(result, 0);
    }
    for (uint32_t n = 0; n < vcpus; n++) {
        row("vCPU", n);
        const Actor::Frame frame(lead());
        auto ring = ring_at(n);
        uint32_t before[vcpus];
        for (uint32_t other = 0; other < vcpus; other++) before[other] = platform::events(low, other);
        require_ok(tell(n));
        expect(comes_true([&] { return platform::events(low, n) != before[n]; }));
        settle(lead());
        for (uint32_t other = 0; other < vcpus; other++)
            if (other != n) expect_eq(platform::events(low, other), before[other]);
    }
}

CASE(event, one_vcpu_hears_many_bindings, interrupt_vector, "ARGO-VECTOR-001", "ARGO-VECTOR-007")
{
    needs_bindings(4);
    Vcpu vcpu(2);
    const uint8_t vectors[] = {low, middle, high};
    for (uint32_t i = 0; i < 3; i++) require_eq(bind_at(vcpu.target(), i + 1, vectors[i]), 0);
    for (uint32_t i = 0; i < 3; i++) {
        row("binding", i + 1);
        const Actor::Frame frame(lead());
        auto ring = ring_at(i + 1);
        const uint32_t before[] = {vcpu.events(low), vcpu.events(middle), vcpu.events(high)};
        expect_heard(i + 1, vcpu, vectors[i]);
        for (uint32_t other = 0; other < 3; other++)
            if (other != i) expect_eq(vcpu.events(vectors[other]), before[other]);
    }
}

CASE(event, every_class_of_vectors_is_heard, interrupt_vector, "ARGO-VECTOR-001", "ARGO-VECTOR-103")
{
    needs_bindings(2);
    Vcpu vcpu(1);
    auto ring = ring_at(1);
    // Not 0x40, which guests of Xen may have for all events, and not the last class, which the suite's image
    // uses.
    for (uint32_t vector = 0x2f; vector < 0xf0; vector += 0x10) {
        row("vector", vector);
        require_eq(bind_at(vcpu.target(), 1, static_cast<uint8_t>(vector)), 0);
        expect_heard(1, vcpu, static_cast<uint8_t>(vector));
    }
}

CASE(event, a_binding_moves_to_another_vcpu, interrupt_vector, "ARGO-VECTOR-002")
{
    needs_bindings(2);
    Vcpu one(1), two(2);
    auto ring = ring_at(1);
    require_eq(bind_at(one.target(), 1, low), 0);
    expect_heard(1, one, low);
    require_eq(bind_at(two.target(), 1, low), 0);
    const uint32_t before = one.events(low);
    expect_heard(1, two, low);
    expect_eq(one.events(low), before);
    require_eq(bind_at(one.target(), 1, low), 0); // And back.
    expect_heard(1, one, low);
}

CASE(event, space_is_heard_by_the_vcpu_of_binding_zero, interrupt_vector, "ARGO-EVENT-004")
{
    needs_bindings(2);
    Vcpu vcpu(3);
    require_eq(bind_at(vcpu.target(), 0, low), 0);
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = vcpu.events(low);
    ring.drain();
    require_ok(ring.notify());
    expect(vcpu.wait_event(low, before));
}

CASE(event, a_message_of_another_domain_is_heard_by_its_vcpu, interrupt_vector, "ARGO-VECTOR-001",
     "ARGO-EVENT-001")
{
    needs_bindings(2);
    Vcpu vcpu(1);
    require_eq(bind_at(vcpu.target(), 1, low), 0);
    auto ring = open_ring(lead(), 1, peer(), one_page, binding(1));
    const uint32_t before = vcpu.events(low);
    require_ok(send(peer(), 9, lead(), 1, "x"));
    expect(vcpu.wait_event(low, before));
}

// What waits.

CASE(event, an_interrupt_that_is_held_back_comes_later, interrupt_vector, "ARGO-EVENT-001", "ARGO-VECTOR-001")
{
    needs_bindings(2);
    require_ok(bind(lead(), 1, low));
    auto ring = ring_at(1);
    Held held(low);
    const uint32_t before = lead().events(low);
    require_ok(tell(1));
    expect_eq(lead().events(low), before);
    held.release();
    expect(lead().wait_event(low, before));
}

CASE(event, a_burst_that_is_held_back_is_one_interrupt, interrupt_vector, "ARGO-EVENT-001")
{
    needs_bindings(2);
    require_ok(bind(lead(), 1, low));
    auto ring = open_loopback(one_page, 1, binding(1));
    Held held(low);
    const uint32_t before = lead().events(low);
    for (uint32_t i = 0; i < 5; i++) require_ok(tell(1));
    held.release();
    expect(lead().wait_event(low, before));
    settle(lead());
    expect_eq(lead().events(low), before + 1); // An edge is one bit.
    expect_eq(ring.unread(), 5 * footprint(0));
}

CASE(event, a_higher_vector_comes_first, interrupt_vector, "ARGO-VECTOR-001")
{
    needs_bindings(4);
    const uint8_t vectors[] = {middle, high, low};
    for (uint32_t i = 0; i < 3; i++) require_ok(bind(lead(), i + 1, vectors[i]));
    auto one = ring_at(1), two = ring_at(2), three = ring_at(3);
    Held held(high);
    const uint32_t before = lead().events(low);
    for (uint32_t port = 1; port <= 3; port++) require_ok(tell(port));
    held.release();
    require(lead().wait_event(low, before));
    expect(static_cast<int32_t>(platform::last_event(low) - platform::last_event(middle)) > 0);
    expect(static_cast<int32_t>(platform::last_event(middle) - platform::last_event(high)) > 0);
}

CASE(event, a_higher_vector_passes_one_that_is_held_back, interrupt_vector, "ARGO-VECTOR-001")
{
    needs_bindings(3);
    require_ok(bind(lead(), 1, low));
    require_ok(bind(lead(), 2, middle));
    auto one = ring_at(1), two = ring_at(2);
    Held held(low);
    const uint32_t at_low = lead().events(low), at_middle = lead().events(middle);
    require_ok(tell(1));
    require_ok(tell(2));
    expect(lead().wait_event(middle, at_middle));
    expect_eq(lead().events(low), at_low);
    held.release();
    expect(lead().wait_event(low, at_low));
}

// Bindings that change meanwhile.

CASE(event, a_binding_changes_while_its_interrupt_is_held_back, interrupt_vector, "ARGO-VECTOR-002",
     "ARGO-EVENT-001")
{
    needs_bindings(2);
    require_ok(bind(lead(), 1, low));
    auto ring = open_loopback(one_page, 1, binding(1));
    Held held(middle);
    const uint32_t at_low = lead().events(low), at_middle = lead().events(middle);
    require_ok(tell(1));
    require_ok(bind(lead(), 1, middle));
    require_ok(tell(1));
    held.release();
    // What was raised before comes as it was raised, and what is raised since as the binding says now.
    expect(lead().wait_event(low, at_low));
    expect(lead().wait_event(middle, at_middle));
    settle(lead());
    expect_eq(lead().events(low), at_low + 1);
    expect_eq(lead().events(middle), at_middle + 1);
}

CASE(event, a_binding_is_dropped_while_its_interrupt_is_held_back, interrupt_vector, "ARGO-VECTOR-003")
{
    needs_bindings(2);
    require_ok(bind(lead(), 1, low));
    auto ring = open_loopback(one_page, 1, binding(1));
    Held held(low);
    const uint32_t before = lead().events(low);
    require_ok(tell(1));
    require_ok(unbind(lead(), 1));
    require_ok(tell(1)); // and this is heard by nobody
    held.release();
    settle(lead());
    expect(lead().events(low) - before <= 1);
}

CASE(event, a_ring_names_another_binding_while_an_interrupt_is_held_back, interrupt_vector,
     "ARGO-REGISTER-016", "ARGO-EVENT-001")
{
    needs_bindings(3);
    require_ok(bind(lead(), 1, low));
    require_ok(bind(lead(), 2, middle));
    auto ring = open_loopback(one_page, 1, binding(1));
    Held held(middle);
    const uint32_t at_low = lead().events(low), at_middle = lead().events(middle);
    require_ok(tell(1));
    require_ok(register_ring(
        lead(),
        {.port = 1, .partner = lead(), .length = one_page, .flags = binding(2), .pages = ring.pages()}));
    require_ok(tell(1));
    held.release();
    expect(lead().wait_event(low, at_low));
    expect(lead().wait_event(middle, at_middle));
}

// vCPUs that are not there.

namespace {

/// Three messages to port 1, whose binding is for this vCPU, while it is down: one interrupt, when it is
/// back.
void expect_to_wait_for(Vcpu& vcpu)
{
    vcpu.down();
    const uint32_t before = vcpu.events(low);
    for (uint32_t i = 0; i < 3; i++) require_ok(tell(1));
    settle(lead());
    expect_eq(vcpu.events(low), before);
    vcpu.up();
    expect(vcpu.wait_event(low, before));
    settle(lead());
    expect_eq(vcpu.events(low), before + 1);
}

} // namespace

CASE(event, what_is_for_a_vcpu_that_is_down_waits_for_it, interrupt_vector, "ARGO-EVENT-011")
{
    needs_bindings(2);
    Vcpu vcpu(1);
    require_eq(bind_at(vcpu.target(), 1, low), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    expect_heard(1, vcpu, low);
    for (uint32_t round = 0; round < 3; round++) {
        row("round", round);
        expect_to_wait_for(vcpu);
        ring.drain();
    }
}

CASE(event, a_message_for_a_vcpu_that_is_down_waits_for_it, interrupt_vector, "ARGO-EVENT-011",
     "ARGO-VECTOR-011")
{
    needs_bindings(2);
    Vcpu vcpu(1);
    const uint64_t address = 0xfee00000 | vcpu.target() << 12;
    constexpr uint64_t lowest_priority = 0x100;
    const int64_t result = lead().call(ARGO_OP_VECTOR, 1, ARGO_BINDING_MSI, address, lowest_priority | low);
    if (result == -int64_t{ARGO_EINVAL}) not_supported("bindings of kind MSI are not offered here");
    require_eq(result, 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    expect_to_wait_for(vcpu);
}

CASE(event, a_vcpu_that_is_down_keeps_nobody_from_hearing, interrupt_vector, "ARGO-EVENT-001",
     "ARGO-EVENT-011")
{
    needs_bindings(3);
    uint64_t target = 0;
    {
        Vcpu vcpu(3);
        target = vcpu.target();
    }
    require_eq(bind_at(target, 1, low), 0);
    require_ok(bind(lead(), 2, low));
    auto dead = open_loopback(one_page, 1, binding(1)), alive = open_loopback(one_page, 2, binding(2));
    for (uint32_t i = 0; i < 10; i++) {
        row("message", i);
        expect_eq(tell(1), 0);
        const uint32_t before = lead().events(low);
        require_ok(tell(2));
        expect(lead().wait_event(low, before));
    }
    expect_eq(dead.unread(), 10 * footprint(0));
}

CASE(event, a_binding_leaves_a_vcpu_that_is_down, interrupt_vector, "ARGO-VECTOR-002", "ARGO-EVENT-011")
{
    needs_bindings(2);
    Vcpu one(1), two(2);
    require_eq(bind_at(one.target(), 1, low), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    one.down();
    require_ok(tell(1));
    require_eq(bind_at(two.target(), 1, low), 0);
    expect_heard(1, two, low);
    const uint32_t before = two.events(low);
    one.up(); // What it missed is its own.
    settle(lead());
    expect_eq(two.events(low), before);
}

// Many.

CASE(event, a_storm_ends_with_the_last_message_heard, interrupt_vector, "ARGO-EVENT-001", "ARGO-EVENT-005")
{
    needs_bindings(2);
    Vcpu vcpu(1);
    require_eq(bind_at(vcpu.target(), 1, low), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    const uint32_t before = vcpu.events(low);
    constexpr uint32_t storm = 1'000;
    for (uint32_t i = 0; i < storm; i++) {
        if (send(lead(), 9, lead(), 1, {}) == 0) continue;
        ring.drain();
        require_ok(tell(1));
    }
    expect(vcpu.wait_event(low, before));
    expect_heard(1, vcpu, low); // Nothing is stuck.
    settle(lead());
    expect(vcpu.events(low) - before <= storm + 1);
}

CASE(event, none_is_lost_between_the_look_and_the_halt, interrupt_vector, "ARGO-EVENT-005", "ARGO-EVENT-001")
{
    needs_bindings(2);
    auto ring = open_loopback(one_page, 1, binding(1));
    race_to_the_halt<HaltingReceiver>(ring, [](const Vcpu& vcpu) { return bind_at(vcpu.target(), 1, low); });
}
