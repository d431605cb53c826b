// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// address: who talks to whom, and who is nobody. Book: spec/address.rst.

#include "stories.hpp"

using namespace argo::suite;

CASE(address, every_port_is_a_port, core_loopback, "ARGO-ADDRESS-001")
{
    // The ends of the range, where signs change, and a well-known one, which the hypervisor does not know ...
    for (const uint32_t port :
         {0u, 1u, 0x7fffffffu, 0x80000000u, 0xfffffffeu, 0xffffffffu, ARGO_PORT_STORAGE}) {
        row("port", port);
        auto ring = open_loopback(smallest, port);

        expect_eq(send(lead(), ~port, lead(), port, "to"), 2); // ... are good for receiving ...
        const auto message = ring.receive();
        require(message);
        expect_eq(message->source.port, ~port); // ... and for sending, since each one's complement is, too.
        expect(message->is("to"));
    }
}

CASE(address, ports_differ_in_every_bit, core_loopback, "ARGO-ADDRESS-001", "ARGO-SENDV-108")
{
    constexpr uint32_t port = 0x12345678;
    auto ring = open_loopback(smallest, port);

    // A hypervisor that keeps 16 bits of a port, or hashes
    // and does not compare, finds this ring from elsewhere.
    for (uint32_t bit = 0; bit < 32; bit++) {
        row("bit", bit);
        expect_error(send(lead(), 1, lead(), port ^ UINT32_C(1) << bit, {}), ARGO_ECONNREFUSED);
    }
    expect_eq(ring.unread(), 0u);
}

CASE(address, rings_on_many_ports_take_their_own_messages, core_loopback, "ARGO-ADDRESS-001")
{
    // Ports that agree in their low halves, and others that agree in their high ones.
    auto a = open_loopback(smallest, 0x00070001);
    auto b = open_loopback(smallest, 0x00080001);
    auto c = open_loopback(smallest, 0x00070002);
    expect_eq(send(lead(), 1, lead(), 0x00080001, "b"), 1);
    expect_eq(send(lead(), 1, lead(), 0x00070002, "c"), 1);
    expect_eq(send(lead(), 1, lead(), 0x00070001, "a"), 1);

    const auto first = a.receive(), second = b.receive(), third = c.receive();
    require(first && second && third);
    expect(first->is("a"));
    expect(second->is("b"));
    expect(third->is("c"));
}

namespace {

/// Reserved numbers: the first, Xen's and v4v's own around the wildcard, the ABI's, the last.
/// ARGO_DOMID_WILDCARD, which means something as a partner and as a source, is not among them.
constexpr uint16_t reserved_domids[] = {ARGO_DOMID_FIRST_RESERVED,
                                        0x7ff1,
                                        0x7ff2,
                                        ARGO_DOMID_WILDCARD - 1,
                                        ARGO_DOMID_WILDCARD + 1,
                                        0x7ffe,
                                        0x7fff,
                                        ARGO_DOMID_NEXT,
                                        0x8002,
                                        0xffff};

} // namespace

CASE(address, a_reserved_domid_is_no_partner, core_loopback, "ARGO-ADDRESS-002", "ARGO-REGISTER-108")
{
    for (const uint16_t domid : reserved_domids) {
        row("domid", domid);
        expect_error(register_ring(lead(), {.port = 1, .partner = domid, .length = smallest}), ARGO_EACCES);
        // Nothing is left behind.
        expect_error(unregister_ring(lead(), {.port = 1, .partner = domid}), ARGO_ENOENT);
    }
}

CASE(address, a_reserved_domid_is_no_destination, core_loopback, "ARGO-ADDRESS-002", "ARGO-SENDV-107")
{
    // A ring on this very port, which must not be found by another name for its owner.
    auto ring = open_loopback(smallest, 1);
    for (const uint16_t domid : reserved_domids) {
        row("domid", domid);
        expect_error(send(lead(), 1, domid, 1, {}), ARGO_EACCES);
    }
    // The wildcard stands for the caller as a source; as a destination it stands for nobody.
    expect_error(send(lead(), 1, ARGO_DOMID_WILDCARD, 1, {}), ARGO_EACCES);
    if (!lead().has(ARGO_FEATURE_ROUTE))
        expect_error(send(lead(), 1, ARGO_DOMID_IMPLICIT, 1, {}), ARGO_EACCES);
    expect_eq(ring.unread(), 0u);
}

CASE(address, a_reserved_domid_has_no_rings, core_loopback, "ARGO-ADDRESS-002", "ARGO-NOTIFY-010")
{
    auto ring = open_loopback(smallest, 1);
    for (const uint16_t domid : reserved_domids) {
        row("domid", domid);
        expect_eq(ask(lead(), domid, 1, 0).flags, 0u);
    }
    row("domid", ARGO_DOMID_WILDCARD);
    expect_eq(ask(lead(), ARGO_DOMID_WILDCARD, 1, 0).flags, 0u);
}

CASE(address, a_reserved_domid_is_no_source, core_loopback, "ARGO-ADDRESS-002", "ARGO-SENDV-106")
{
    auto ring = open_loopback(smallest, 1);
    for (const uint16_t domid : reserved_domids) {
        row("domid", domid);
        SendArguments with;
        with.addresses.src = {1, domid, 0};
        with.addresses.dst = {1, Who(lead()).value, 0};
        expect_error(sendv(lead(), with), ARGO_EPERM);
    }
    expect_eq(ring.unread(), 0u);
}

CASE(address, an_absent_domain_reads_like_a_denied_one, core_loopback, "ARGO-ADDRESS-003",
     "ARGO-REGISTER-108", "ARGO-SENDV-107")
{
    // No operation tells who lives: the answers are those of a denial, which the policy profile compares.
    expect_error(register_ring(lead(), {.port = 1, .partner = nobody(), .length = smallest}), ARGO_EACCES);
    expect_error(send(lead(), 1, nobody(), 1, {}), ARGO_EACCES);

    const auto entry = ask(lead(), nobody(), 1, 0);
    expect_eq(entry.flags, 0u);
    expect_eq(entry.max_message, 0u);
}

CASE(address, a_domain_talks_to_itself, core_loopback, "ARGO-ADDRESS-004", "ARGO-REGISTER-001")
{
    auto ring = open_ring(lead(), 7, lead()); // Owner, partner, sender: all the same domain ...

    expect_eq(send(lead(), 9, lead(), 7, "self", 5), 4);
    const auto message = ring.receive();
    require(message);
    expect(message->is("self"));
    expect_eq(message->source.domid, lead().domid()); // ... and the message says so.
    expect_eq(message->source.port, 9u);
    expect_eq(message->type, 5u);
}
