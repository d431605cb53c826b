// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// event: bindings of kind EVTCHN, where Xen is below. Books: spec/event.rst, spec/vector.rst.
//
// Channels are the lead's own, IPIs of each of its vCPUs, which the platform opens and counts. What else a
// port can be is made here, by hypercalls.
#include <argo/xen.hpp>

#include "halting.hpp"

using namespace argo::suite;

namespace {

constexpr uint8_t low = free_vector, middle = free_vector + 0x20, given_up = free_vector + 0x60;
constexpr uint32_t vcpus = platform::most_vcpus;

/// An event channel of a vCPU, which is counted as its interrupt of this number.
struct Channel
{
    uint8_t vector;
    uint32_t vcpu;
    uint32_t port;

    explicit Channel(uint8_t number, uint32_t of = 0)
        : vector(number), vcpu(of), port(platform::channel(number, of))
    {
        if (port == 0 || port == UINT32_MAX) error("there is no event channel for a case of this profile");
    }
    uint32_t events() const { return platform::events(vector, vcpu); }
    bool wait_event(uint32_t before) const
    {
        return comes_true([&] { return events() != before; });
    }
    void hold(bool held = true) const { platform::hold_channel(port, held); }
};

int64_t bind_port(uint64_t index, uint64_t target, uint64_t port)
{
    return lead().call(ARGO_OP_VECTOR, index, ARGO_BINDING_EVTCHN, target, port);
}

int64_t bind_to(const Channel& channel, uint64_t index = 1)
{
    return bind_port(index, channel.vcpu, channel.port);
}

int64_t tell(uint32_t port = 1) { return send(lead(), 9, lead(), port, {}); }

/// A message to this port is heard by this channel, once.
void expect_heard(const Channel& channel, uint32_t port = 1)
{
    const uint32_t before = channel.events();
    require_ok(tell(port));
    expect(channel.wait_event(before));
    settle(lead());
    expect_eq(channel.events(), before + 1);
}

/// A message to this port is accepted, and not heard by this channel.
void expect_quiet(const Channel& channel, uint32_t port = 1)
{
    const uint32_t before = channel.events();
    require_ok(tell(port));
    settle(lead());
    expect_eq(channel.events(), before);
}

/// event_channel_op; public/event_channel.h.
template <class Argument>
int64_t event_op(uint64_t operation, Argument& argument)
{
    return platform::machine().xen_hypercall(argo::xen::event_channel_op, operation,
                                             reinterpret_cast<uintptr_t>(&argument), 0, 0, 0);
}

void close_port(uint32_t port) { require_eq(event_op(argo::xen::event_close, port), 0); }

void raise_port(uint32_t port)
{
    constexpr uint64_t event_send = 4;
    require_eq(event_op(event_send, port), 0);
}

/// A port for which nobody has come yet.
uint32_t open_unbound()
{
    struct
    {
        uint16_t domid, remote;
        uint32_t port;
    } unbound = {argo::xen::domid_self, argo::xen::domid_self, 0};
    require_eq(event_op(argo::xen::event_alloc_unbound, unbound), 0);
    return unbound.port;
}

/// The other end of it, in the same domain.
uint32_t open_other_end(uint32_t port)
{
    constexpr uint64_t event_bind_interdomain = 0;
    struct
    {
        uint16_t remote;
        uint32_t remote_port, port;
    } other = {argo::xen::domid_self, port, 0};
    require_eq(event_op(event_bind_interdomain, other), 0);
    return other.port;
}

uint32_t open_ipi(uint32_t vcpu)
{
    constexpr uint64_t event_bind_ipi = 7;
    struct
    {
        uint32_t vcpu, port;
    } ipi = {vcpu, 0};
    require_eq(event_op(event_bind_ipi, ipi), 0);
    return ipi.port;
}

uint32_t open_virq(uint32_t virq)
{
    constexpr uint64_t event_bind_virq = 1;
    struct
    {
        uint32_t virq, vcpu, port;
    } bind = {virq, 0, 0};
    require_eq(event_op(event_bind_virq, bind), 0);
    return bind.port;
}

/// A channel that the case closes, to open something else in its place. Its number is the lowest that is free
/// then, which is what Xen gives out next.
struct Site : Channel
{
    Site() : Channel(given_up) { platform::give_up_channel(vector); }
};

} // namespace

// Each vCPU.

CASE(event, each_vcpu_hears_its_channel, interrupt_evtchn, "ARGO-VECTOR-008", "ARGO-EVENT-001")
{
    needs_bindings(vcpus + 1);
    Vcpu one(1), two(2), three(3);
    const Channel channels[vcpus] = {Channel(low, 0), Channel(low, 1), Channel(low, 2), Channel(low, 3)};
    uint32_t before[vcpus];
    for (uint32_t n = 0; n < vcpus; n++) {
        before[n] = channels[n].events();
        require_eq(bind_to(channels[n], n + 1), 0);
    }
    constexpr uint32_t rounds = 3;
    for (uint32_t n = 0; n < vcpus * rounds; n++) {
        row("vCPU", n % vcpus);
        const Actor::Frame frame(lead());
        auto ring = open_loopback(one_page, 1, binding(static_cast<uint16_t>(n % vcpus + 1)));
        expect_heard(channels[n % vcpus]);
    }
    for (uint32_t n = 0; n < vcpus; n++) {
        row("vCPU", n);
        expect_eq(channels[n].events(), before[n] + rounds); // its own, and no other's
    }
}

CASE(event, many_rings_raise_one_channel, interrupt_evtchn, "ARGO-VECTOR-008", "ARGO-EVENT-001")
{
    needs_bindings(2);
    const Channel channel(low);
    require_eq(bind_to(channel), 0);
    constexpr uint32_t rings = 8;
    open_many(1, rings, false);
    for (uint32_t port = 1; port <= rings; port++) {
        row("ring", port);
        const uint32_t before = channel.events();
        // A smallest ring takes one message, and all share their page: what counts here is who is told.
        require_ok(tell(port));
        expect(channel.wait_event(before));
        settle(lead());
        expect_eq(channel.events(), before + 1);
    }
    close_many(1, rings);
}

CASE(event, a_channel_at_every_index, interrupt_evtchn, "ARGO-VECTOR-008", "ARGO-VECTOR-007")
{
    const uint32_t limit = lead().info().max_bindings - 2; // Those behind are the harness's.
    constexpr uint32_t different = 8;
    for (uint32_t index = 0; index < limit; index++)
        require_eq(bind_to(Channel(static_cast<uint8_t>(free_vector + index % different)), index), 0);
    for (uint32_t index = 0; index < limit; index++) {
        row("index", index);
        const Actor::Frame frame(lead());
        auto ring = open_loopback(smallest, 1, binding(static_cast<uint16_t>(index)));
        expect_heard(Channel(static_cast<uint8_t>(free_vector + index % different)));
    }
}

CASE(event, two_bindings_may_be_one_channel, interrupt_evtchn, "ARGO-VECTOR-005", "ARGO-VECTOR-003")
{
    needs_bindings(3);
    const Channel channel(low);
    auto one = open_loopback(one_page, 1, binding(1)), two = open_loopback(one_page, 2, binding(2));
    expect_eq(bind_to(channel, 1), 0);
    expect_eq(bind_to(channel, 2), 0);
    expect_heard(channel, 1);
    expect_heard(channel, 2);
    expect_eq(unbind(lead(), 1), 0); // They stay two.
    expect_quiet(channel, 1);
    expect_heard(channel, 2);
}

CASE(event, space_is_heard_by_the_channel_of_binding_zero, interrupt_evtchn, "ARGO-EVENT-004")
{
    needs_bindings(2);
    Vcpu vcpu(2);
    const Channel here(low), there(low, 2);
    for (const Channel* channel : {&here, &there}) {
        row("vCPU", channel->vcpu);
        const Actor::Frame frame(lead());
        require_eq(bind_to(*channel, 0), 0);
        auto ring = full_ring(lead(), 1, lead());
        expect_error(knock(1), ARGO_EAGAIN);
        const uint32_t before = channel->events();
        ring.drain();
        require_ok(ring.notify());
        expect(channel->wait_event(before));
    }
}

CASE(event, a_message_of_another_domain_raises_a_channel, interrupt_evtchn, "ARGO-VECTOR-008",
     "ARGO-EVENT-001")
{
    needs_bindings(2);
    Vcpu vcpu(3);
    auto ring = open_ring(lead(), 1, peer(), one_page, binding(1));
    for (const Channel& channel : {Channel(low), Channel(low, 3)}) {
        row("vCPU", channel.vcpu);
        require_eq(bind_to(channel), 0);
        const uint32_t before = channel.events();
        require_ok(send(peer(), 9, lead(), 1, "x"));
        expect(channel.wait_event(before));
    }
}

CASE(event, a_channel_hears_no_more_than_is_asked_for, interrupt_evtchn, "ARGO-SUPPRESS-001",
     "ARGO-SUPPRESS-002")
{
    not_supported_unless(ARGO_FEATURE_SUPPRESS, "feature SUPPRESS is not offered");
    needs_bindings(2);
    const Channel channel(low);
    require_eq(bind_to(channel), 0);
    auto ring = open_loopback(one_page, 1, ARGO_REGISTER_SUPPRESS | binding(1));
    const Gpa wish{ring.base().value + offsetof(argo_ring, wish)};
    lead().store(wish, uint32_t{ARGO_WISH_NONE});
    expect_quiet(channel);
    lead().store(wish, uint32_t{ARGO_WISH_EACH});
    expect_heard(channel);
}

CASE(event, a_message_by_major_0_is_heard_by_the_rings_rule, interrupt_evtchn, "ARGO-SUPPRESS-001",
     "ARGO-SUPPRESS-002", "ARGO-EVENT-001")
{
    not_supported_unless(ARGO_FEATURE_SUPPRESS, "feature SUPPRESS is not offered");
    needs_bindings(2);
    const Channel channel(low);
    require_eq(bind_to(channel), 0);
    auto ring = open_loopback(one_page, 1, ARGO_REGISTER_SUPPRESS | binding(1));
    const Gpa addresses = lead().alloc(sizeof(argo_send_addr)),
              words{ring.base().value + offsetof(argo_ring, wish)};
    lead().store(addresses, argo_send_addr{{9, Who(lead()).value, 0}, {1, Who(lead()).value, 0}});
    const Turn by_major_0{.call = true,
                          .word = ARGO_OPERATION_WORD(ARGO_OP_SENDV),
                          .arguments = {addresses.value, addresses.value, 0, 0},
                          .upstream = true};
    const struct
    {
        uint32_t wish, position;
        bool wanted;
    } rows[] = {{ARGO_WISH_EACH, 0, true},   {ARGO_WISH_NONE, 0, false},       {ARGO_WISH_PAST, 32, true},
                {ARGO_WISH_PAST, 32, false}, {ARGO_WISH_PAST, one_page, true}, {3, 0, true}};
    for (const auto& [wish, position, wanted] : rows) {
        row("wish", wish, "position", position);
        const uint32_t words_of_owner[] = {wish, position};
        lead().write(words, words_of_owner, sizeof words_of_owner);
        const uint32_t before = channel.events();
        require_eq(lead().perform(by_major_0), 0);
        settle(lead());
        expect_eq(channel.events() - before, wanted ? 1u : 0u);
    }
}

// What waits.

CASE(event, a_channel_that_is_masked_comes_later, interrupt_evtchn, "ARGO-VECTOR-009")
{
    needs_bindings(3);
    Vcpu vcpu(1);
    const Channel here(low), there(low, 1), other(middle);
    require_eq(bind_to(other, 2), 0);
    auto ring = open_loopback(one_page, 1, binding(1)), open = open_loopback(one_page, 2, binding(2));
    for (const Channel* channel : {&here, &there}) {
        row("vCPU", channel->vcpu);
        require_eq(bind_to(*channel), 0);
        const uint32_t before = channel->events();
        channel->hold();
        require_ok(tell());
        expect_heard(other, 2); // It alone is held.
        expect_eq(channel->events(), before);
        channel->hold(false);
        expect(channel->wait_event(before));
        expect_heard(*channel);
    }
}

CASE(event, a_burst_at_a_channel_that_is_masked_is_one_event, interrupt_evtchn, "ARGO-VECTOR-009",
     "ARGO-EVENT-001")
{
    needs_bindings(2);
    const Channel channel(low);
    require_eq(bind_to(channel), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    const uint32_t before = channel.events();
    channel.hold();
    for (uint32_t i = 0; i < 5; i++) require_ok(tell());
    channel.hold(false);
    expect(channel.wait_event(before));
    settle(lead());
    expect_eq(channel.events(), before + 1); // A port is one bit.
    expect_eq(ring.unread(), 5 * footprint(0));
}

CASE(event, a_ring_names_another_channel_while_one_is_masked, interrupt_evtchn, "ARGO-REGISTER-016",
     "ARGO-VECTOR-009")
{
    needs_bindings(3);
    const Channel first(low), second(middle);
    require_eq(bind_to(first, 1), 0);
    require_eq(bind_to(second, 2), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    const uint32_t at_first = first.events(), at_second = second.events();
    first.hold();
    second.hold();
    require_ok(tell());
    require_ok(register_ring(
        lead(),
        {.port = 1, .partner = lead(), .length = one_page, .flags = binding(2), .pages = ring.pages()}));
    require_ok(tell());
    first.hold(false);
    second.hold(false);
    expect(first.wait_event(at_first));
    expect(second.wait_event(at_second));
    expect_heard(second);
    expect_eq(first.events(), at_first + 1);
}

CASE(event, a_binding_changes_its_channel_while_one_is_masked, interrupt_evtchn, "ARGO-VECTOR-002",
     "ARGO-VECTOR-009")
{
    needs_bindings(2);
    Vcpu vcpu(2);
    const Channel first(low), second(low, 2);
    require_eq(bind_to(first), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    const uint32_t at_first = first.events(), at_second = second.events();
    first.hold();
    require_ok(tell());
    require_eq(bind_to(second), 0);
    require_ok(tell());
    expect(second.wait_event(at_second));
    expect_eq(first.events(), at_first);
    first.hold(false); // What was raised before comes as it was raised.
    expect(first.wait_event(at_first));
    expect_heard(second);
    expect_eq(first.events(), at_first + 1);
}

CASE(event, a_binding_is_dropped_while_its_channel_is_masked, interrupt_evtchn, "ARGO-VECTOR-003")
{
    needs_bindings(2);
    const Channel channel(low);
    require_eq(bind_to(channel), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    const uint32_t before = channel.events();
    channel.hold();
    require_ok(tell());
    require_ok(unbind(lead(), 1));
    require_ok(tell()); // and this is heard by nobody
    channel.hold(false);
    settle(lead());
    expect_eq(channel.events(), before + 1); // The port is the guest's: what pends there stays.
}

CASE(event, a_reset_leaves_no_binding_to_a_channel, interrupt_evtchn, "ARGO-RESET-001", "ARGO-EVENT-006")
{
    needs_bindings(2);
    const Channel channel(low);
    require_eq(bind_to(channel), 0);
    require_eq(lead().call(ARGO_OP_RESET), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    expect_quiet(channel);
    require_eq(bind_to(channel), 0);
    expect_heard(channel);
}

CASE(event, a_binding_goes_from_interrupt_to_channel_and_back, interrupt_evtchn, "ARGO-VECTOR-002",
     "ARGO-VECTOR-008")
{
    if (!platform::has_local_apic()) not_supported("there is no local APIC");
    needs_bindings(2);
    const Channel channel(middle);
    auto ring = open_loopback(one_page, 1, binding(1));
    for (uint32_t round = 0; round < 3; round++) {
        row("round", round);
        require_ok(bind(lead(), 1, low));
        const uint32_t at_channel = channel.events(), at_low = lead().events(low);
        require_ok(tell());
        expect(lead().wait_event(low, at_low));
        expect_eq(channel.events(), at_channel);
        require_eq(bind_to(channel), 0);
        expect_heard(channel);
        expect_eq(lead().events(low), at_low + 1);
    }
}

// Ports that are something else.

CASE(event, a_channel_that_is_closed_hears_nothing, interrupt_evtchn, "ARGO-VECTOR-010", "ARGO-EVENT-006")
{
    needs_bindings(3);
    const Site site;
    const Channel other(low);
    require_eq(bind_to(site, 1), 0);
    require_eq(bind_to(other, 2), 0);
    auto dead = open_loopback(one_page, 1, binding(1)), alive = open_loopback(one_page, 2, binding(2));
    expect_heard(site, 1);
    close_port(site.port);
    for (uint32_t round = 0; round < 3; round++) {
        row("round", round);
        expect_quiet(site, 1);
        expect_heard(other, 2);
    }
    expect_eq(dead.unread(), 4 * footprint(0)); // The messages are there.
    expect_eq(unbind(lead(), 1), 0);
}

CASE(event, what_is_opened_in_a_channels_place_is_not_raised, interrupt_evtchn, "ARGO-VECTOR-010")
{
    needs_bindings(2);
    Vcpu vcpu(1);
    const Site site;
    require_eq(bind_to(site), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    expect_heard(site);
    close_port(site.port);

    row("unbound");
    require_eq(open_unbound(), site.port);
    expect_quiet(site);

    row("interdomain");
    const uint32_t far = open_other_end(site.port);
    expect_quiet(site);
    const uint32_t before = site.events();
    raise_port(far); // It is heard when it is raised, so it was not.
    expect(site.wait_event(before));
    close_port(far);
    close_port(site.port);

    row("a VIRQ");
    constexpr uint32_t virq_debug = 1;
    require_eq(open_virq(virq_debug), site.port);
    expect_quiet(site);
    close_port(site.port);

    row("an IPI of another vCPU");
    require_eq(open_ipi(1), site.port);
    const uint32_t there = vcpu.events(site.vector);
    expect_quiet(site);
    expect_eq(vcpu.events(site.vector), there);
    raise_port(site.port);
    expect(vcpu.wait_event(site.vector, there));
    close_port(site.port);

    row("what it was");
    require_eq(open_ipi(site.vcpu), site.port);
    expect_heard(site);
    close_port(site.port);
}

CASE(event, ports_that_are_no_ipis_of_the_target_are_refused, interrupt_evtchn, "ARGO-VECTOR-103",
     "ARGO-CALL-005")
{
    needs_bindings(2);
    const Channel bound(low), elsewhere(low, 1);
    require_eq(bind_to(bound), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    const uint32_t unbound = open_unbound(), near = open_unbound(), far = open_other_end(near);
    const Site closed;
    close_port(closed.port);
    const struct
    {
        const char* what;
        uint64_t port;
    } rows[] = {{"zero", 0},
                {"closed", closed.port},
                {"beyond those there are", 4095},
                {"beyond those there can be", 0x20000},
                {"all ones", UINT32_MAX},
                {"more than 32 bits", UINT64_C(1) << 32 | bound.port},
                {"the highest bit", UINT64_C(1) << 63 | bound.port},
                {"unbound", unbound},
                {"interdomain", near},
                {"interdomain, the other end", far},
                {"a VIRQ", platform::channel(upstream_vector)},
                {"an IPI of another vCPU", elsewhere.port}};
    for (const auto& [what, port] : rows) {
        row(what, port);
        expect_error(bind_port(1, 0, port), ARGO_EINVAL);
        expect_error(bind_port(2, 0, port), ARGO_EINVAL);
    }
    expect_heard(bound); // The binding is what it was ...
    auto other = open_loopback(one_page, 2, binding(2));
    const uint32_t before = elsewhere.events();
    expect_quiet(bound, 2); // ... and the other one is none.
    expect_eq(elsewhere.events(), before);
    for (const uint32_t port : {unbound, near, far}) close_port(port);
}

CASE(event, the_target_of_a_channel_is_its_vcpu, interrupt_evtchn, "ARGO-VECTOR-103", "ARGO-CALL-005")
{
    needs_bindings(2);
    const Channel bound(low);
    require_eq(bind_to(bound), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    for (const uint64_t target : {UINT64_C(1), UINT64_C(2), UINT64_C(4), UINT64_C(0x7fffffff),
                                  UINT64_C(0xffffffff), UINT64_C(1) << 32, UINT64_C(1) << 63, UINT64_MAX}) {
        row("target", target);
        expect_error(bind_port(1, target, bound.port), ARGO_EINVAL);
    }
    expect_heard(bound);
}

// vCPUs that are not there, and those that halt.

CASE(event, what_is_for_a_vcpu_that_is_down_waits_at_its_channel, interrupt_evtchn, "ARGO-EVENT-011",
     "ARGO-VECTOR-008")
{
    needs_bindings(2);
    Vcpu vcpu(1);
    const Channel channel(low, 1);
    require_eq(bind_to(channel), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    expect_heard(channel);
    for (uint32_t round = 0; round < 3; round++) {
        row("round", round);
        vcpu.down();
        const uint32_t before = channel.events();
        for (uint32_t i = 0; i < 3; i++) require_ok(tell());
        settle(lead());
        expect_eq(channel.events(), before);
        vcpu.up();
        expect(channel.wait_event(before));
        expect_heard(channel);
        expect_eq(channel.events(), before + 2);
        ring.drain();
    }
}

CASE(event, a_channel_of_a_vcpu_that_is_down_keeps_nobody_from_hearing, interrupt_evtchn, "ARGO-EVENT-001",
     "ARGO-EVENT-011")
{
    needs_bindings(3);
    {
        Vcpu vcpu(3);
    }
    const Channel down(low, 3), up(low);
    require_eq(bind_to(down, 1), 0);
    require_eq(bind_to(up, 2), 0);
    auto dead = open_loopback(one_page, 1, binding(1)), alive = open_loopback(one_page, 2, binding(2));
    for (uint32_t i = 0; i < 10; i++) {
        row("message", i);
        expect_eq(tell(1), 0);
        expect_heard(up, 2);
    }
    expect_eq(dead.unread(), 10 * footprint(0));
}

CASE(event, a_storm_at_a_channel_ends_with_the_last_message_heard, interrupt_evtchn, "ARGO-EVENT-001",
     "ARGO-EVENT-005")
{
    needs_bindings(2);
    Vcpu vcpu(1);
    const Channel channel(low, 1);
    require_eq(bind_to(channel), 0);
    auto ring = open_loopback(one_page, 1, binding(1));
    const uint32_t before = channel.events();
    constexpr uint32_t storm = 1'000;
    for (uint32_t i = 0; i < storm; i++) {
        if (tell() == 0) continue;
        ring.drain();
        require_ok(tell());
    }
    expect(channel.wait_event(before));
    ring.drain();
    expect_heard(channel); // Nothing is stuck.
    expect(channel.events() - before <= storm + 1);
}

CASE(event, none_is_lost_between_the_look_and_the_halt_at_a_channel, interrupt_evtchn, "ARGO-EVENT-005",
     "ARGO-EVENT-001")
{
    needs_bindings(2);
    const Channel channel(low, 1);
    auto ring = open_loopback(one_page, 1, binding(1));
    race_to_the_halt<HaltingReceiver>(ring, [&](const Vcpu&) { return bind_to(channel); });
}
