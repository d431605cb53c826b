// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// send_batch: what is wrong with a batch, and with one of its messages. Book: spec/send_batch.rst.

#include "frames.hpp"
#include "policy.hpp"
#include "precedence.hpp"
#include "send_batch.hpp"

using namespace argo::suite;

CASE(send_batch, too_many_entries, batch, "ARGO-BATCH-101", "ARGO-CALL-005")
{
    // Nothing is wrong but their number; or a part alone of that number would be right.
    const uint32_t limit = lead().info().max_batch;
    auto ring = open_loopback(one_page, 1, binding(1));
    const Gpa entries = lead().alloc((limit + 1) * sizeof(argo_batch_entry));
    for (uint64_t i = 0; i <= limit; i++)
        lead().store(Gpa{entries.value + i * sizeof(argo_batch_entry)},
                     argo_batch_entry{to_self(1), 0, 0, 0, unanswered_entry, 0});
    for (const uint64_t count : {uint64_t{limit} + 1, UINT64_C(1) << 16, UINT64_C(1) << 32,
                                 UINT64_C(1) << 32 | 1, UINT64_C(1) << 60, UINT64_C(1) << 63, UINT64_MAX}) {
        row("count", count);
        if (count <= limit) continue;
        expect_error(lead().call(ARGO_OP_SEND_BATCH, entries.value, count), ARGO_EINVAL);
    }
    expect_eq(ring.tx(), 0u);
    expect_eq(lead().load<argo_batch_entry>(entries).result, unanswered_entry);
}

CASE(send_batch, the_entries_must_be_in_memory, batch, "ARGO-BATCH-102", "ARGO-CALL-007")
{
    const uint64_t end = lead().bad_gpa();
    constexpr uint64_t size = sizeof(argo_batch_entry);
    for (const uint64_t where :
         {end, end - 1, end - size + 1, end - size, end - 2 * size + 1, UINT64_C(1) << 52, UINT64_MAX,
          UINT64_MAX - size + 1, UINT64_MAX - 2 * size + 1}) {
        row("address", where);
        expect_error(lead().call(ARGO_OP_SEND_BATCH, where, 2), ARGO_EFAULT);
    }
}

CASE(send_batch, half_a_batch_is_none, batch, "ARGO-BATCH-102", "ARGO-CALL-005", "ARGO-CALL-006")
{
    // A good entry where memory ends: alone it is answered, with another one behind it it is not sent.
    auto ring = open_loopback(one_page, 1, binding(1));
    const argo_batch_entry entry{to_self(1), 0, 0, 7, unanswered_entry, 0};
    LastPage last;
    last.put(entry);
    const uint64_t where = last.at<argo_batch_entry>().value;
    const int64_t two = lead().call(ARGO_OP_SEND_BATCH, where, 2),
                  crooked = lead().call(ARGO_OP_SEND_BATCH, where + 1, 1);
    const uint32_t unread = ring.unread();
    const auto untouched = last.get<argo_batch_entry>();
    last.put(entry);
    const int64_t alone = lead().call(ARGO_OP_SEND_BATCH, where, 1);
    const auto answered = last.get<argo_batch_entry>();
    last.restore();
    expect_error(two, ARGO_EFAULT);
    expect_error(crooked, ARGO_EFAULT);
    expect_eq(unread, 0u);
    expect_eq(untouched.result, unanswered_entry);
    expect_eq(alone, 1);
    expect_eq(answered.result, 0);
    expect_next(ring, 0, 0, 7);
}

CASE(send_batch, unused_arguments_are_zero, batch, "ARGO-CALL-107")
{
    auto ring = open_loopback(one_page, 1, binding(1));
    const Gpa entries = lead().alloc(sizeof(argo_batch_entry));
    lead().store(entries, argo_batch_entry{to_self(1), 0, 0, 0, unanswered_entry, 0});
    for (const uint64_t value : {UINT64_C(1), UINT64_C(1) << 32, UINT64_C(1) << 63}) {
        row("value", value);
        expect_error(lead().call(ARGO_OP_SEND_BATCH, entries.value, 1, value, 0), ARGO_EINVAL);
        expect_error(lead().call(ARGO_OP_SEND_BATCH, entries.value, 1, 0, value), ARGO_EINVAL);
        expect_error(lead().call(ARGO_OP_SEND_BATCH, lead().bad_gpa(), 1, 0, value), ARGO_EINVAL);
    }
    expect_eq(ring.unread(), 0u);
    expect_eq(lead().call(ARGO_OP_SEND_BATCH, entries.value, 1), 1);
}

CASE(send_batch, errors_come_in_their_order, batch, "ARGO-CALL-004", "ARGO-BATCH-101", "ARGO-BATCH-102")
{
    expect_error(lead().call(ARGO_OP_SEND_BATCH, lead().bad_gpa(), lead().info().max_batch + UINT64_C(1)),
                 ARGO_EINVAL);
    expect_error(lead().call(ARGO_OP_SEND_BATCH, lead().bad_gpa(), lead().info().max_batch), ARGO_EFAULT);
}

namespace {

constexpr uint32_t open_port = 0x1000, busy_port = 0x1001, waited_port = 0, no_port = 0x1002;

/// An entry that is right, and what can be wrong with it, in the order of sendv's errors.
struct Entry
{
    argo_batch_entry it;
    argo_iov piece;
};

constexpr Fault<Entry> faults[] = {
    {"ARGO-SENDV-101", "too many pieces", [](Entry& e) { e.it.count = lead().info().max_iov + 1; }},
    {"ARGO-SENDV-101", "all pieces there are", [](Entry& e) { e.it.count = UINT32_MAX; }},
    {"ARGO-SENDV-102", "descriptions outside", [](Entry& e) { e.it.iovs = lead().bad_gpa(); }},
    {"ARGO-SENDV-103", "source reserved", [](Entry& e) { e.it.addresses.src.reserved = 1; }},
    {"ARGO-SENDV-103", "destination reserved", [](Entry& e) { e.it.addresses.dst.reserved = 1; }},
    {"ARGO-SENDV-103", "an unknown flag", [](Entry& e) { e.piece.flags = 1 << 19; }},
    {"ARGO-SENDV-104", "more than max_message",
     [](Entry& e) { e.piece.length = lead().info().max_message + 1; }},
    {"ARGO-SENDV-105", "a piece outside", [](Entry& e) { e.piece.base = lead().bad_gpa(); }},
    {"ARGO-SENDV-106", "a forged source", [](Entry& e) { e.it.addresses.src.domid = nobody().value; }},
    {"ARGO-SENDV-107", "no such domain", [](Entry& e) { e.it.addresses.dst.domid = nobody().value; }},
    {"ARGO-SENDV-108", "no such ring", [](Entry& e) { e.it.addresses.dst.port = no_port; }},
    {"ARGO-SENDV-109", "more than the ring takes", [](Entry& e) { e.piece.length = brimful + 1; }},
    {"ARGO-SENDV-110", "full, and no waiter more", [](Entry& e) { e.it.addresses.dst.port = busy_port; }},
    {"ARGO-SENDV-111", "full", [](Entry& e) { e.it.addresses.dst.port = waited_port; }},
};
static_assert(covers(faults, sendv_errors));

} // namespace

CASE(send_batch, of_two_errors_of_an_entry_the_first_is_told, batch, "ARGO-BATCH-001", "ARGO-CALL-004")
{
    auto busy = full_ring(lead(), busy_port, lead());
    auto empty = open_loopback(smallest, open_port, binding(1));
    wait_at_rings(waited_port, lead().info().max_waiters);
    const argo_iov good = piece_of(1, 0, brimful);
    const auto make = [&] { return Entry{{to_self(open_port), 0, 1, 0, unanswered_entry, 0}, good}; };
    const auto call = [](Entry& e) {
        const Actor::Frame frame(lead());
        const Gpa list = lead().alloc(sizeof e.piece);
        lead().store(list, e.piece);
        if (e.it.iovs == 0) e.it.iovs = list.value;
        require_eq(send_batch(lead(), {.entries = {&e.it, 1}}), 1);
        return e.it.result;
    };
    expect_precedence(faults, sendv_errors, make, call);
    Entry right = make();
    expect_eq(call(right), brimful); // None of them has done anything.
    expect_eq(empty.unread(), footprint(brimful));
}

CASE(send_batch, a_refused_message_does_not_keep_the_others, batch, "ARGO-BATCH-002", "ARGO-BATCH-001",
     "ARGO-BATCH-003", "ARGO-BATCH-008")
{
    // All that can go wrong in one batch, and a good message before and behind each.
    auto ring = open_loopback(one_page, open_port, binding(1));
    auto small = open_loopback(smallest, 0x1003, binding(1));
    auto full = full_ring(lead(), waited_port, lead());
    Batch batch;
    uint32_t wrong = 0;
    int64_t expected[std::size(faults)];
    for (const Fault<Entry>& fault : faults) {
        const std::string_view requirement = fault.requirement;
        if (requirement == "ARGO-SENDV-110") continue; // needs all waiters
        batch.add(lead(), open_port, 11, wrong, wrong);
        Entry entry{batch.add(lead(), requirement == "ARGO-SENDV-109" ? 0x1003 : open_port, brimful, 1),
                    piece_of(1, 0, brimful)};
        fault.spoil(entry);
        const Gpa list = lead().alloc(sizeof entry.piece);
        lead().store(list, entry.piece);
        if (entry.it.iovs != lead().bad_gpa()) entry.it.iovs = list.value;
        batch[batch.size() - 1] = entry.it;
        for (const ErrorRow& row : sendv_errors)
            if (requirement == row.requirement) expected[wrong] = -static_cast<int64_t>(row.error);
        wrong++;
    }
    batch.add(lead(), open_port, 11, wrong, wrong);
    batch.send();
    for (uint32_t i = 0; i < wrong; i++) {
        row("fault", i);
        expect_eq(batch.result(2 * i), 11);
        expect_eq(batch.result(2 * i + 1), expected[i]);
        expect_next(ring, 11, i, i);
    }
    expect_next(ring, 11, wrong, wrong);
    expect_eq(ring.unread(), 0u);
    expect_eq(small.unread(), 0u);
}

CASE(send_batch, the_reserved_field_is_zero, batch, "ARGO-BATCH-004", "ARGO-BATCH-002")
{
    auto ring = open_loopback(one_page, 1, binding(1));
    for (uint32_t bit = 0; bit < 64; bit += 21) {
        row("bit", bit);
        Batch batch;
        batch.add(lead(), 1, 4, 1).reserved = UINT64_C(1) << bit;
        batch.add(lead(), 1, 4, 2);
        batch.send();
        expect_error(batch.result(0), ARGO_EINVAL);
        expect_eq(batch.result(1), 4);
        expect_next(ring, 4, 2, 0);
        expect_eq(ring.unread(), 0u);
    }
}

CASE(send_batch, the_reserved_field_comes_first, batch, "ARGO-BATCH-004")
{
    auto ring = open_loopback(smallest, 0x1003, binding(1));
    for (const Fault<Entry>& fault : faults) {
        row(fault.what);
        const Actor::Frame frame(lead());
        Entry entry{{to_self(open_port), 0, 1, 0, unanswered_entry, 1}, piece_of(1, 0, brimful)};
        fault.spoil(entry);
        const Gpa list = lead().alloc(sizeof entry.piece);
        lead().store(list, entry.piece);
        if (entry.it.iovs == 0) entry.it.iovs = list.value;
        expect_eq(send_batch(lead(), {.entries = {&entry.it, 1}}), 1);
        expect_error(entry.it.result, ARGO_EINVAL);
    }
}

CASE(send_batch, a_denied_message_does_not_keep_the_others, policy, "ARGO-BATCH-001", "ARGO-BATCH-002",
     "ARGO-SENDV-107")
{
    auto ring = open_ring(peer(), 7, lead(), one_page, binding(1)),
         shut = open_ring(peer(), no_send.some(), lead(), one_page, binding(1));
    Batch batch;
    batch.add(peer(), 7, 5, 1, 1);
    batch.add(peer(), no_send.some(), 5, 2, 2);
    batch.add(nobody(), 7, 5, 3, 3);
    batch.add(peer(), 7, 5, 4, 4);
    batch.send();
    expect_eq(batch.result(0), 5);
    expect_denied(batch.result(1));
    expect_error(batch.result(2), ARGO_EACCES);
    expect_eq(batch.result(3), 5);
    expect_next(ring, 5, 1, 1);
    expect_next(ring, 5, 4, 4);
    expect_eq(shut.unread(), 0u);
}
