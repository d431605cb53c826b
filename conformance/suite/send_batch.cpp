// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// send_batch: many messages by one call. Book: spec/send_batch.rst. What goes wrong is in
// send_batch_errors.cpp, events are in send_batch_event.cpp.

#include "send_batch.hpp"

#include <cstring>

using namespace argo::suite;

namespace {

/// Enough for every message of a batch of these cases.
constexpr uint32_t roomy = ring_length(4);

} // namespace

CASE(send_batch, each_message_has_its_result, batch, "ARGO-BATCH-001", "ARGO-BATCH-003", "ARGO-BATCH-008")
{
    // One, some, and as many as everybody takes; sizes around a slot.
    for (const uint32_t count : {1u, 2u, 8u, 32u}) {
        row("messages", count);
        auto ring = open_loopback(roomy, 1, binding(1));
        Batch batch;
        for (uint32_t i = 0; i < count; i++) batch.add(lead(), 1, i * 7, i, 100 + i);
        batch.send();
        for (uint32_t i = 0; i < count; i++) {
            expect_eq(batch.result(i), i * 7);
            expect_next(ring, i * 7, i, 100 + i);
        }
        expect_eq(ring.unread(), 0u);
    }
}

CASE(send_batch, the_header_is_that_of_a_send, batch, "ARGO-BATCH-001")
{
    auto ring = open_loopback(one_page, 1, binding(1));
    uint8_t ones[128];
    std::memset(ones, 0xff, sizeof ones);
    ring.write(0, ones, sizeof ones);
    Batch batch;
    batch.add(lead(), 1, 17, 1, 0xa5c3f00d).addresses.src.port = 0xa1b2c3d4;
    batch.add(lead(), 1, 0, 1, UINT32_MAX).addresses.src.domid = ARGO_DOMID_WILDCARD;
    batch.send();
    argo_message first, second;
    ring.read(0, &first, sizeof first);
    ring.read(footprint(17), &second, sizeof second);
    expect_eq(first.length, sizeof first + 17u);
    expect_eq(first.source.port, 0xa1b2c3d4u);
    expect_eq(first.source.domid, lead().domid());
    expect_eq(first.source.reserved, 0u);
    expect_eq(first.type, 0xa5c3f00du);
    expect_eq(second.length, sizeof second);
    expect_eq(second.source.domid, lead().domid());
    expect_eq(second.type, UINT32_MAX);
}

CASE(send_batch, messages_of_many_pieces, batch, "ARGO-BATCH-001")
{
    // Each message of other pieces than the one before it, and the second one of none.
    argo_iov pieces[12];
    Batch batch;
    const uint32_t counts[] = {12, 0, 1, 5, 2};
    for (const uint32_t count : counts) {
        for (uint32_t i = 0; i < count; i++) pieces[i] = piece_of(count, 40 * i, 40, ARGO_PAGE_SIZE, 4080);
        batch.add(lead(), 1, {pieces, count}, count);
    }
    auto ring = open_loopback(one_page, 1, binding(1));
    batch.send();
    for (size_t i = 0; i < batch.size(); i++) {
        expect_eq(batch.result(i), 40 * counts[i]);
        expect_next(ring, 40 * counts[i], counts[i], counts[i]);
    }
}

CASE(send_batch, messages_to_several_rings, batch, "ARGO-BATCH-001", "ARGO-BATCH-003")
{
    auto one = open_loopback(one_page, 1, binding(1)), two = open_loopback(one_page, 2, binding(1)),
         three = open_loopback(one_page, 3, binding(1));
    Ring* const rings[] = {&one, &two, &three};
    Batch batch;
    for (uint32_t i = 0; i < 12; i++) batch.add(lead(), 1 + i * i % 3, i, i, i);
    batch.send();
    for (uint32_t i = 0; i < 12; i++) {
        row("message", i);
        expect_eq(batch.result(i), i);
        expect_next(*rings[i * i % 3], i, i, i);
    }
    for (const Ring* ring : rings) expect_eq(ring->unread(), 0u);
}

CASE(send_batch, messages_to_several_domains, batch, "ARGO-BATCH-001", "ARGO-BATCH-003")
{
    auto here = open_ring(lead(), 1, lead(), one_page, binding(1)),
         there = open_ring(peer(), 1, lead(), one_page, binding(1));
    Batch batch;
    for (uint32_t i = 0; i < 10; i++) batch.add(i % 3 == 0 ? Who(lead()) : Who(peer()), 1, 10 + i, i, i);
    batch.send();
    for (uint32_t i = 0; i < 10; i++) {
        row("message", i);
        expect_eq(batch.result(i), 10 + i);
        expect_next(i % 3 == 0 ? here : there, 10 + i, i, i);
    }
    expect_eq(here.unread(), 0u);
    expect_eq(there.unread(), 0u);
}

CASE(send_batch, messages_of_another_domain, batch, "ARGO-BATCH-001", "ARGO-BATCH-003")
{
    auto ring = open_ring(lead(), 7, peer(), one_page, binding(1)),
         any = open_ring(lead(), 8, ARGO_DOMID_WILDCARD, one_page, binding(1));
    Batch batch(peer());
    for (uint32_t i = 0; i < 12; i++) batch.add(lead(), 7 + i % 2, 20, i, i);
    batch.send();
    for (uint32_t i = 0; i < 12; i++) {
        row("message", i);
        expect_eq(batch.result(i), 20);
        Ring& to = i % 2 == 0 ? ring : any;
        const auto message = to.peek();
        require(message);
        expect_eq(message->source.domid, peer().domid());
        expect_next(to, 20, i, i);
    }
}

CASE(send_batch, of_max_batch_entries, batch, "ARGO-BATCH-007", "ARGO-BATCH-001", "ARGO-CALL-004")
{
    // Empty messages, so that the ring has room for all. The array is as long as it is.
    const uint32_t most = lead().info().max_batch;
    const Gpa entries = lead().alloc(most * sizeof(argo_batch_entry), ARGO_PAGE_SIZE, 8);
    const auto at = [&](uint64_t i) { return Gpa{entries.value + i * sizeof(argo_batch_entry)}; };
    auto ring = open_loopback(ring_length(ring_pages(most * footprint(0) + 64)), 1, binding(1));
    for (uint32_t i = 0; i < most; i++)
        lead().store(at(i), argo_batch_entry{to_self(1), 0, 0, i, unanswered_entry, 0});
    for (uint64_t next = 0; next < most;) {
        const int64_t answered = lead().call(ARGO_OP_SEND_BATCH, at(next).value, most - next);
        require(answered > 0 && answered <= static_cast<int64_t>(most - next));
        next += static_cast<uint64_t>(answered);
    }
    for (uint32_t i = 0; i < most; i++) {
        row("message", i);
        expect_eq(lead().load<argo_batch_entry>(at(i)).result, 0);
        expect_next(ring, 0, 0, i);
    }
    expect_eq(ring.unread(), 0u);
}

CASE(send_batch, of_nothing, batch, "ARGO-BATCH-006")
{
    // Of none there is nothing to look at.
    for (const uint64_t where :
         {lead().alloc(sizeof(argo_batch_entry)).value, UINT64_C(0), lead().bad_gpa(), UINT64_MAX}) {
        row("address", where);
        expect_eq(lead().call(ARGO_OP_SEND_BATCH, where, 0), 0);
    }
}

CASE(send_batch, entries_lie_at_any_address, batch, "ARGO-CALL-006", "ARGO-BATCH-001", "ARGO-BATCH-005")
{
    // Over the end of a page with each of their fields, and what is around them stays as it is.
    constexpr uint32_t count = 3, size = count * sizeof(argo_batch_entry), margin = 64;
    auto ring = open_loopback(one_page, 1, binding(1));
    for (const uint32_t offset : {1u, 4095u, 4096u - 5u, 4096u - 12u, 4096u - 20u, 4096u - 26u, 4096u - 33u,
                                  4096u - 36u, 4096u - 41u, 4096u - 90u, 4096u - 130u}) {
        row("offset in page", offset);
        const Actor::Frame frame(lead());
        const Gpa around = lead().alloc(size + 2 * margin, ARGO_PAGE_SIZE, offset + ARGO_PAGE_SIZE - margin);
        lead().fill_pattern(around, size + 2 * margin, offset);
        const Gpa where{around.value + margin};
        argo_batch_entry before[count], after[count];
        Batch batch;
        for (uint32_t i = 0; i < count; i++) before[i] = batch.add(lead(), 1, 30, offset + i, i);
        lead().write(where, before, sizeof before);
        for (uint64_t next = 0; next < count;) {
            const int64_t answered =
                lead().call(ARGO_OP_SEND_BATCH, where.value + next * sizeof(argo_batch_entry), count - next);
            require(answered > 0);
            next += static_cast<uint64_t>(answered);
        }
        lead().read(where, after, sizeof after);
        for (uint32_t i = 0; i < count; i++) {
            expect_eq(after[i].result, 30);
            before[i].result = after[i].result;
            expect_next(ring, 30, offset + i, i);
        }
        expect_eq(std::memcmp(before, after, sizeof before), 0);
        expect_eq(lead().find_mismatch(around, margin, offset), margin);
        expect_eq(lead().find_mismatch(Gpa{where.value + size}, margin, offset, margin + size), margin);
    }
}

CASE(send_batch, nothing_but_the_result_is_written, batch, "ARGO-BATCH-005")
{
    // Whatever became of the message: sent, refused for itself, for its destination, and for want of space.
    auto ring = open_loopback(one_page, 1, binding(1));
    auto full = full_ring(lead(), 2, lead());
    Batch batch;
    batch.add(lead(), 1, 5, 1, 0x12345678);
    batch.add(lead(), 1, 5, 1, 2).reserved = UINT64_C(0x8000000000000001);
    batch.add(lead(), 1, 5, 1, 3).addresses.dst.reserved = 0x4321;
    batch.add(nobody(), 1, 5, 1, 4);
    batch.add(lead(), 77, 0, 1, 5);
    batch.add(lead(), 2, 1, 1, 6);
    argo_batch_entry before[6];
    std::memcpy(before, batch.entries().data(), sizeof before);
    batch.send();
    for (size_t i = 0; i < batch.size(); i++) {
        row("entry", i);
        expect_ne(batch.result(i), unanswered_entry);
        before[i].result = batch.result(i);
        expect_eq(std::memcmp(&before[i], &batch[i], sizeof before[i]), 0);
    }
}

CASE(send_batch, what_the_result_was_is_no_matter, batch, "ARGO-BATCH-001")
{
    auto ring = open_loopback(one_page, 1, binding(1));
    Batch batch;
    for (const int64_t was : {INT64_C(0), INT64_C(-1), INT64_C(3), INT64_MAX, INT64_MIN})
        batch.add(lead(), 1, 3, 1).result = was;
    batch.send();
    for (size_t i = 0; i < batch.size(); i++) {
        expect_eq(batch.result(i), 3);
        expect_next(ring, 3, 1, 0);
    }
}

CASE(send_batch, a_full_ring_in_the_middle, batch, "ARGO-BATCH-001", "ARGO-BATCH-002", "ARGO-BATCH-003")
{
    // Room for three messages of one slot. A larger one finds none and is refused, and so are those behind it
    // that find none; what is behind them and fits is sent.
    auto ring = open_loopback(112, 1, binding(1)), other = open_loopback(one_page, 2, binding(1));
    Batch batch;
    batch.add(lead(), 1, 16, 1, 1);  // 32 of 112 bytes
    batch.add(lead(), 1, 64, 2, 2);  // none: 80 of what is left, 80
    batch.add(lead(), 2, 200, 3, 3); // elsewhere
    batch.add(lead(), 1, 16, 4, 4);  // 64 of 112
    batch.add(lead(), 1, 17, 5, 5);  // none: 48 of 48
    batch.add(lead(), 1, 16, 6, 6);  // 96 of 112: all but the slot that stays free
    batch.add(lead(), 1, 0, 7, 7);   // none
    batch.add(lead(), 2, 0, 8, 8);
    batch.send();
    const int64_t results[] = {16, -int64_t{ARGO_EAGAIN}, 200, 16, -int64_t{ARGO_EAGAIN},
                               16, -int64_t{ARGO_EAGAIN}, 0};
    for (size_t i = 0; i < batch.size(); i++) {
        row("message", i);
        expect_eq(batch.result(i), results[i]);
    }
    for (const uint32_t type : {1u, 4u, 6u}) expect_next(ring, 16, type, type);
    expect_eq(ring.unread(), 0u);
    expect_next(other, 200, 3, 3);
    expect_next(other, 0, 0, 8);
}

CASE(send_batch, one_waiter_for_the_largest, batch, "ARGO-BATCH-001", "ARGO-SENDV-032")
{
    // Of those that found no space at a ring the largest is waited for, whichever it was.
    not_supported_unless(ARGO_FEATURE_VECTOR, "feature VECTOR is not offered");
    auto ring = open_loopback(112, 1, binding(1));
    require_eq(send_pattern(lead(), 9, lead(), 1, 80, 1), 80);
    Batch batch;
    for (const uint32_t size : {16u, 48u, 32u}) batch.add(lead(), 1, size, 1);
    batch.send();
    for (size_t i = 0; i < batch.size(); i++) expect_error(batch.result(i), ARGO_EAGAIN);
    const uint32_t before = lead().events(event_vector);
    leave_free(ring, 64); // for 32, and not for 48
    expect_eq(ring.notify(), 0);
    settle(lead());
    expect_eq(lead().events(event_vector), before);
    leave_free(ring, 80);
    expect_eq(ring.notify(), 0);
    expect(lead().wait_event(event_vector, before));
}

CASE(send_batch, a_large_batch_may_stop, batch, "ARGO-BATCH-008", "ARGO-BATCH-009", "ARGO-BATCH-010")
{
    // Messages of half of max_message, which are too long for their ring, and a small one behind each, which
    // is not. However far a call goes, it answered what it says, from the first one on, and nothing else.
    const Repeated bytes(lead(), lead().info().max_message / 2);
    auto ring = open_loopback(one_page, 1, binding(1));
    const uint32_t most = lead().info().max_batch < 16 ? lead().info().max_batch : 16;
    Batch batch;
    for (uint32_t i = 0; i < most; i++) {
        if (i % 2 == 0)
            batch.add(lead(), 1, bytes.pieces, i);
        else
            batch.add(lead(), 1, 3, i, i);
    }
    argo_batch_entry before[16];
    std::memcpy(before, batch.entries().data(), most * sizeof before[0]);
    for (uint32_t next = 0; next < most;) {
        row("from entry", next);
        const int64_t answered = send_batch(lead(), {.entries = batch.entries().subspan(next)});
        require(answered > 0 && answered <= most - next);
        const auto end = next + static_cast<uint32_t>(answered);
        for (; next < end; next++) {
            if (next % 2 == 0) {
                expect_error(batch.result(next), ARGO_EMSGSIZE);
            } else {
                expect_eq(batch.result(next), 3);
                expect_next(ring, 3, next, next);
            }
        }
        expect_eq(ring.unread(), 0u);
        expect_eq(std::memcmp(&before[end], &batch[end < most ? end : 0] + (end < most ? 0 : most),
                              (most - end) * sizeof before[0]),
                  0);
    }
}

CASE(send_batch, small_batches_need_few_calls, batch, "ARGO-BATCH-009")
{
    // A hypervisor may stop for others at any time, but not each time: in some round of many it does not.
    auto ring = open_loopback(roomy, 1, binding(1));
    uint32_t fewest = UINT32_MAX;
    for (uint32_t round = 0; round < 8; round++) {
        const Actor::Frame frame(lead());
        Batch batch;
        for (uint32_t i = 0; i < 32; i++) batch.add(lead(), 1, 16, i, i);
        const uint32_t calls = batch.send();
        fewest = calls < fewest ? calls : fewest;
        for (uint32_t i = 0; i < 32; i++) expect_next(ring, 16, i, i);
    }
    expect(fewest <= 32 / 10);
}

CASE(send_batch, entries_may_lie_in_a_ring, batch, "ARGO-BATCH-001", "ARGO-RING-012")
{
    // In the free part of the ring that they are sent to, far behind what is written there; and a message of
    // what the entries are.
    auto ring = open_loopback(one_page, 1, binding(1));
    const Gpa where = ring.at(2048);
    const argo_iov self[] = {{where.value, 2 * sizeof(argo_batch_entry), 0}};
    const Gpa list = lead().alloc(sizeof self);
    lead().write(list, self, sizeof self);
    const argo_batch_entry entries[] = {{to_self(1), 0, 0, 5, unanswered_entry, 0},
                                        {to_self(1), list.value, 1, 6, unanswered_entry, 0}};
    lead().write(where, entries, sizeof entries);
    for (uint64_t next = 0; next < 2;) {
        const int64_t answered =
            lead().call(ARGO_OP_SEND_BATCH, where.value + next * sizeof(argo_batch_entry), 2 - next);
        require(answered > 0);
        next += static_cast<uint64_t>(answered);
    }
    expect_eq(lead().load<argo_batch_entry>(where).result, 0);
    expect_eq(lead().load<argo_batch_entry>(Gpa{where.value + sizeof entries[0]}).result, sizeof entries);
    expect_next(ring, 0, 0, 5);
    const auto message = ring.receive();
    require(message);
    expect_eq(message->size(), sizeof entries);
    argo_batch_entry copy;
    std::memcpy(&copy, message->bytes + sizeof copy, sizeof copy);
    expect_eq(copy.iovs, list.value); // Which results the copy has is nobody's promise.
}

CASE(send_batch, batches_of_two_senders_are_whole, batch, "ARGO-BATCH-003", "ARGO-SENDV-020")
{
    // The peer sends single messages, the lead batches, to one ring: each keeps its order.
    auto ring = open_ring(lead(), 7, ARGO_DOMID_WILDCARD, ring_length(16), binding(1));
    for (uint32_t round = 0; round < 8; round++) {
        row("round", round);
        const Actor::Frame frame(lead());
        Batch batch;
        for (uint32_t i = 0; i < 16; i++) batch.add(lead(), 7, 100, i, i);
        Pending theirs = begin_send_pattern(peer(), 1, lead(), 7, 20'000, round);
        batch.send();
        expect_eq(theirs.result(), 20'000);
        uint32_t mine = 0, others = 0;
        while (const auto message = ring.receive()) {
            if (message->source.domid == Who(lead()).value) {
                expect_eq(message->type, mine);
                expect_eq(ring.find_mismatch(*message, mine++), 100u);
            } else {
                expect_eq(ring.find_mismatch(*message, round), 20'000u);
                others++;
            }
        }
        expect_eq(mine, 16u);
        expect_eq(others, 1u);
    }
}
