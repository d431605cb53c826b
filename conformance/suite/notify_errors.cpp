// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// notify: its errors, each alone and then against its neighbours. Book: spec/notify.rst.

#include "notify.hpp"
#include "precedence.hpp"

using namespace argo::suite;

CASE(notify, the_count_must_be_in_memory, core_loopback, "ARGO-NOTIFY-101", "ARGO-CALL-007")
{
    const uint64_t end = lead().bad_gpa();
    for (const uint64_t where : {end, end - 1, end - sizeof(argo_notify) + 1, UINT64_C(1) << 52, UINT64_MAX,
                                 UINT64_MAX - sizeof(argo_notify) + 2}) {
        row("address", where);
        expect_error(lead().call(ARGO_OP_NOTIFY, where), ARGO_EFAULT);
    }
}

CASE(notify, the_entries_must_be_in_memory, core_loopback, "ARGO-NOTIFY-103", "ARGO-CALL-007",
     "ARGO-CALL-004")
{
    // Where memory ends the count can be read, and the entries cannot.
    auto ring = open_loopback(smallest, 1);
    LastPage last;
    struct
    {
        argo_notify head;
        argo_notify_entry entry;
    } asked = {{1, 0}, about(1, 0)};
    last.put(asked);
    // The last byte is memory ...
    expect_eq(lead().call(ARGO_OP_NOTIFY, last.at<decltype(asked)>().value), 0);
    expect_eq(last.get<argo_notify_entry>().flags, fresh);

    asked.head.count = 2; // ... the one behind it is not, and then the first entry has no answer either.
    last.put(asked);
    expect_error(lead().call(ARGO_OP_NOTIFY, last.at<decltype(asked)>().value), ARGO_EFAULT);
    expect_eq(last.get<argo_notify_entry>().flags, 0xffffu);

    const uint64_t head = last.at<argo_notify>().value;
    last.put(argo_notify{1, 0});
    expect_error(lead().call(ARGO_OP_NOTIFY, head), ARGO_EFAULT);
    last.put(argo_notify{lead().info().max_notify + 1, 0}); // Too many comes first ...
    expect_error(lead().call(ARGO_OP_NOTIFY, head), ARGO_EINVAL);
    last.put(argo_notify{1, 1}); // ... and so does the reserved field.
    expect_error(lead().call(ARGO_OP_NOTIFY, head), ARGO_EINVAL);
    last.put(argo_notify{0, 0});
    expect_eq(lead().call(ARGO_OP_NOTIFY, head), 0); // Of no entries none is missing.
    last.restore();
}

CASE(notify, too_many_entries, core_loopback, "ARGO-NOTIFY-102", "ARGO-CALL-005")
{
    // One more than may be, all of them there, the first about a ring, which gets no answer; and numbers
    // whose entries would take no more than a few bytes, if 32 bits were all that is kept of the product.
    const uint32_t limit = lead().info().max_notify;
    auto ring = open_loopback(smallest, 1);
    const Gpa where = lead().alloc(sizeof(argo_notify) + (limit + 1) * sizeof(argo_notify_entry));
    const Gpa first{where.value + sizeof(argo_notify)};
    lead().store(first, about(1, 0));
    for (const uint32_t count : {limit + 1, 0x10000u, 0x0ccccccdu, 0x80000000u, 0xffffffffu}) {
        row("count", count);
        if (count <= limit) continue;
        lead().store(where, argo_notify{count, 0});
        expect_error(lead().call(ARGO_OP_NOTIFY, where.value), ARGO_EINVAL);
        expect_eq(lead().load<argo_notify_entry>(first).flags, 0xffffu);
    }
    lead().store(where, argo_notify{limit, 0});
    expect_eq(lead().call(ARGO_OP_NOTIFY, where.value), 0);
    expect_eq(lead().load<argo_notify_entry>(first).flags, fresh);
}

CASE(notify, the_heads_reserved_field_is_zero, core_loopback, "ARGO-NOTIFY-102", "ARGO-CALL-005")
{
    auto ring = open_loopback(smallest, 1);
    for (const uint32_t reserved : {1u, 0x10000u, 0x80000000u}) {
        row("reserved", reserved);
        argo_notify_entry entry[] = {about(1, 0)};
        NotifyArguments with;
        with.entries = entry;
        with.reserved = reserved;
        expect_error(notify(lead(), with), ARGO_EINVAL);
        expect_eq(entry[0].flags, 0xffffu);
        // Also when there is no entry.
        with.entries = {};
        expect_error(notify(lead(), with), ARGO_EINVAL);
    }
}

CASE(notify, a_failure_wakes_nobody, interrupt_vector, "ARGO-CALL-005", "ARGO-EVENT-009", "ARGO-NOTIFY-101",
     "ARGO-NOTIFY-102")
{
    auto ring = full_ring(lead(), 1, lead());
    expect_error(knock(1), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);
    ring.drain();

    NotifyArguments with;
    with.reserved = 1;
    expect_error(notify(lead(), with), ARGO_EINVAL);
    with.reserved = 0;
    with.count = lead().info().max_notify + 1;
    expect_error(notify(lead(), with), ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_NOTIFY, lead().bad_gpa()), ARGO_EFAULT);
    expect_error(lead().call(ARGO_OP_NOTIFY, 0, 1), ARGO_EINVAL);
    settle(lead());
    expect_eq(lead().events(event_vector), before); // The arguments come first ...

    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, before)); // ... and the waiter is there still.
}

namespace {

/// A question at the end of memory: what is missing is missing there.
struct Questioned
{
    argo_notify head;
    bool head_outside, entry_outside;
};

constexpr Fault<Questioned> notify_faults[] = {
    {"ARGO-NOTIFY-101", "no count", [](Questioned& q) { q.head_outside = true; }},
    {"ARGO-NOTIFY-102", "too many", [](Questioned& q) { q.head.count = lead().info().max_notify + 1; }},
    {"ARGO-NOTIFY-102", "the reserved field", [](Questioned& q) { q.head.reserved = 1; }},
    {"ARGO-NOTIFY-103", "no entry", [](Questioned& q) { q.entry_outside = true; }},
};
static_assert(covers(notify_faults, notify_errors));

} // namespace

CASE(notify, of_two_errors_the_first_is_told, core_loopback, "ARGO-CALL-004", "ARGO-NOTIFY-101",
     "ARGO-NOTIFY-102", "ARGO-NOTIFY-103")
{
    auto ring = open_loopback(smallest, 1);
    LastPage last;
    const auto call = [&](Questioned& q) {
        // The head with its entry, the head alone, or half of the head.
        const size_t there = q.head_outside    ? 4
                             : q.entry_outside ? 8
                                               : sizeof q.head + sizeof(argo_notify_entry);
        if (there > sizeof q.head) last.put(about(1, 0));
        last.put(q.head, there < sizeof q.head ? 0 : there - sizeof q.head);
        return lead().call(ARGO_OP_NOTIFY, lead().bad_gpa() - there);
    };
    expect_precedence(
        notify_faults, notify_errors,
        [] {
            return Questioned{{1, 0}, false, false};
        },
        call);
    Questioned right{{1, 0}, false, false};
    expect_eq(call(right), 0);
    last.restore();
}
