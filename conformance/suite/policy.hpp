// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What cases about policy share: the ports that policy.toml gives labels to, and the stories of an operation
// that is denied and of one that is allowed. Every denial seen is counted: the host has to have a record of
// each, and of no other.
#pragma once

#include "stories.hpp"

namespace argo::suite {

/// A range of ports of policy.toml.
struct Ports
{
    uint32_t first;
    constexpr uint32_t last() const { return first + 0xff; }
    constexpr uint32_t some() const { return first + 0x42; }
};
inline constexpr Ports free_ports{0x50000000}, closed{0x50000100}, no_register{0x50000200},
    no_accept{0x50000300}, no_wildcard{0x50000400}, no_send{0x50000500}, no_notify{0x50000600},
    no_source{0x50000700}, from_lead{0x50000800}, to_peer{0x50000900}, not_third{0x50000a00},
    opening{0x50000b00}, muted{0x50000c00}, stilled{0x50000d00};

/// A source port that nobody has anything against.
inline constexpr uint32_t any_source = 9;

/// The interrupt of rings that these cases open.
inline constexpr uint8_t heard = free_vector;

/// A denial by policy: EACCES, counted. What is EACCES for another reason is expect_error's.
#define expect_denied(result) ::argo::suite::check_denied((result), ARGO_SUITE_HERE(#result " is denied"))
inline bool check_denied(int64_t result, const Where& where)
{
    if (result == -ARGO_EACCES) count_denial();
    return check_error(result, ARGO_EACCES, where);
}

/// A ring whose events are counted as `heard`.
inline Ring heard_ring(Actor& owner, uint32_t port, Who partner, uint32_t length = one_page)
{
    needs_bindings(2);
    require_ok(bind(owner, 1, heard));
    return open_ring(owner, port, partner, length, binding(1));
}

/// Every message of `from` to this port is refused, with a ring there, with a full one and without: nothing
/// is written, nobody hears of it, and a domain that does not exist is answered alike.
inline void send_is_denied(Actor& from, uint32_t source, Actor& to, uint32_t port)
{
    {
        Ring ring = heard_ring(to, port, from);
        const uint32_t before = to.events(heard), position = ring.tx();
        expect_denied(send(from, source, to, port, "kept out"));
        expect_eq(ring.tx(), position);
        expect_eq(ring.unread(), 0u);
        settle(to);
        expect_eq(to.events(heard), before);

        leave_free(ring, ARGO_SLOT); // no room: an allowed sender would wait
        expect_denied(send(from, source, to, port, "kept out"));
        const uint32_t waited = from.events(event_vector);
        ring.drain();
        require_ok(ring.notify());
        settle(from);
        expect_eq(from.events(event_vector), waited);
    }
    expect_denied(send(from, source, to, port, "kept out"));
    expect_error(send(from, source, nobody(), port, "kept out"), ARGO_EACCES);
}

/// A message passes as if there were no policy, and without a ring it is the ring that is missing.
inline void send_is_allowed(Actor& from, uint32_t source, Actor& to, uint32_t port)
{
    Ring ring = heard_ring(to, port, from);
    const uint32_t before = to.events(heard);
    expect_eq(send(from, source, to, port, "let in", 7), 6);
    const auto message = ring.receive();
    require(message);
    expect(message->is("let in"));
    expect_eq(message->source.port, source);
    expect_eq(message->source.domid, Who(from).value);
    expect(to.wait_event(heard, before));
    require_ok(ring.unregister());
    expect_error(send(from, source, to, port, "let in"), ARGO_ECONNREFUSED);
}

/// What a question reads when nothing is to be told.
inline void expect_nothing_told(const argo_notify_entry& entry)
{
    expect_eq(entry.flags, 0u);
    expect_eq(entry.max_message, 0u);
}

inline argo_notify_entry ask_denied(Actor& from, Who to, uint32_t port, uint32_t space)
{
    count_denial();
    return ask(from, to, port, space);
}

/// Every question about this port reads like one about a ring that is not there, and whoever asked does not
/// wait.
inline void notify_is_denied(Actor& from, Actor& to, uint32_t port)
{
    {
        Ring ring = heard_ring(to, port, from);
        expect_nothing_told(ask_denied(from, to, port, 16));
        leave_free(ring, ARGO_SLOT);
        expect_nothing_told(ask_denied(from, to, port, 64));
        const uint32_t waited = from.events(event_vector);
        ring.drain();
        require_ok(ring.notify());
        settle(from);
        expect_eq(from.events(event_vector), waited);
    }
    expect_nothing_told(ask_denied(from, to, port, 16));
    expect_nothing_told(ask(from, nobody(), port, 16));
}

/// A question is answered as if there were no policy, and who has to wait is woken.
inline void notify_is_allowed(Actor& from, Actor& to, uint32_t port)
{
    Ring ring = heard_ring(to, port, from);
    const auto empty = ask(from, to, port, 16);
    expect_eq(empty.flags, uint32_t{ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_EMPTY | ARGO_NOTIFY_SUFFICIENT});
    expect_eq(empty.max_message, ring.length() - ARGO_RING_OVERHEAD);
    leave_free(ring, ARGO_SLOT);
    const uint32_t before = from.events(event_vector);
    expect_eq(ask(from, to, port, 64).flags, uint32_t{ARGO_NOTIFY_EXISTS});
    ring.drain();
    require_ok(ring.notify());
    expect(from.wait_event(event_vector, before));
}

inline RegisterArguments ring_for(uint32_t port, Who partner)
{
    return {.port = port, .partner = partner, .length = smallest};
}

/// No ring comes into being, and a partner that does not exist is answered alike.
inline void register_is_denied(Actor& owner, uint32_t port, Who partner)
{
    expect_denied(register_ring(owner, ring_for(port, partner)));
    expect_error(unregister_ring(owner, {.port = port, .partner = partner}), ARGO_ENOENT);
}

/// A ring comes into being, and goes.
inline void register_is_allowed(Actor& owner, uint32_t port, Who partner)
{
    expect_ok(register_ring(owner, ring_for(port, partner)));
    auto again = ring_for(port, partner);
    again.flags = ARGO_REGISTER_FAIL_EXIST;
    expect_error(register_ring(owner, again), ARGO_EEXIST);
    expect_ok(unregister_ring(owner, {.port = port, .partner = partner}));
}

} // namespace argo::suite
