// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ring: where messages stand, how they wrap, and what
// becomes of lies about the pointers. Book: spec/ring.rst.

#include <argo/ring.hpp>

#include <cstring>

#include "stories.hpp"

using namespace argo::suite;

namespace {

/// Empty a ring of the lead for itself and put it to this position of its data.
void start_at(Ring& ring, uint32_t position)
{
    ring.set_rx(position);
    ring.set_tx(position);
    require_ok(register_ring(lead(), {.port = ring.port(),
                                      .partner = ring.partner(),
                                      .length = ring.length(),
                                      .flags = binding(1),
                                      .pages = ring.pages()}));
}

int64_t put(Ring& ring, uint32_t size, uint64_t seed = 1)
{
    return send_pattern(lead(), 9, lead(), ring.port(), size, seed);
}

} // namespace

CASE(ring, a_message_starts_where_the_last_one_ended, core_loopback, "ARGO-RING-001", "ARGO-RING-002")
{
    constexpr uint32_t length = 160;
    auto ring = open_loopback(length);
    for (const uint32_t size : {0u, 1u, 16u, 17u, 40u, 0u, 30u, 31u, 32u, 33u}) {
        row("size", size);
        const uint32_t tx = ring.tx();
        require_eq(put(ring, size), size);
        const auto message = ring.receive();
        require(message);
        expect_eq(message->position, tx);
        expect_eq(message->size(), size);
        expect_eq(ring.find_mismatch(*message, 1), size);
    }
}

CASE(ring, tx_advances_by_whole_slots, core_loopback, "ARGO-RING-002")
{
    constexpr uint32_t length = 160;
    auto ring = open_loopback(length);
    for (const uint32_t size : {0u, 1u, 15u, 16u, 17u, 31u, 32u, 33u, 48u, 100u, 128u}) {
        row("size", size);
        start_at(ring, 16);
        require_eq(put(ring, size), size);
        expect_eq(ring.tx(), (16 + 16 + (size + 15) / 16 * 16) % length);
    }
}

CASE(ring, payloads_wrap_at_every_slot, core_loopback, "ARGO-RING-003", "ARGO-RING-001")
{
    // The message goes from each slot of a ring that is hardly longer
    // than it. Behind the data the page goes on, and belongs to nobody.
    constexpr uint32_t length = 112, size = 77;
    auto ring = open_loopback(length);
    const Gpa behind{ring.at(0).value + length};
    lead().fill_pattern(behind, 256, 99);
    for (uint32_t start = 0; start < length; start += ARGO_SLOT) {
        row("start", start);
        start_at(ring, start);
        require_eq(put(ring, size, start), size);
        const auto message = ring.peek();
        require(message);
        expect_eq(message->position, start);
        expect_eq(message->length, sizeof(argo_message) + size);
        expect_eq(ring.find_mismatch(*message, start), size);
        expect_eq(ring.tx(), (start + footprint(size)) % length);
        expect_eq(lead().find_mismatch(behind, 256, 99), 256u);
    }
}

CASE(ring, payloads_of_every_size_wrap, core_loopback, "ARGO-RING-003", "ARGO-RING-002")
{
    // From one slot before the end: 0 to 80 bytes, of which
    // the first 16 go before the end and the others after it.
    constexpr uint32_t length = 112, start = length - 2 * ARGO_SLOT;
    auto ring = open_loopback(length);
    for (uint32_t size = 0; size <= length - ARGO_RING_OVERHEAD; size++) {
        row("size", size);
        start_at(ring, start);
        require_eq(put(ring, size, size), size);
        const auto message = ring.receive();
        require(message);
        expect_eq(message->size(), size);
        expect_eq(ring.find_mismatch(*message, size), size);
        expect_eq(ring.tx(), (start + footprint(size)) % length);
    }
}

CASE(ring, payloads_from_every_alignment_wrap, core_loopback, "ARGO-RING-003", "ARGO-SENDV-010")
{
    // The sender's bytes begin at each place of a slot and run over the end of a page; the ring's end cuts
    // them, too.
    constexpr uint32_t length = 112, start = length - 2 * ARGO_SLOT, size = 77;
    auto ring = open_loopback(length, 1, binding(1));
    const uint16_t self = Who(lead()).value;
    for (uint32_t offset = 0; offset < ARGO_SLOT; offset++) {
        row("offset", offset);
        const Actor::Frame frame(lead());
        const Gpa bytes = lead().alloc(size, ARGO_PAGE_SIZE, ARGO_PAGE_SIZE - 2 * ARGO_SLOT + offset);
        lead().fill_pattern(bytes, size, offset);
        const argo_iov piece[] = {{bytes.value, size, 0}};
        SendArguments with;
        with.addresses = {{9, self, 0}, {1, self, 0}};
        with.pieces = piece;
        start_at(ring, start);
        require_eq(sendv(lead(), with), size);
        const auto message = ring.peek();
        require(message);
        expect_eq(ring.find_mismatch(*message, offset), size);
    }
}

CASE(ring, pieces_meet_the_end_of_the_data_anywhere, core_loopback, "ARGO-RING-003", "ARGO-SENDV-010")
{
    // Forty bytes, of which sixteen fit before the end: two pieces that meet at each byte, before the end, at
    // it and behind it; and in between an empty one.
    constexpr uint32_t length = 112, start = length - 2 * ARGO_SLOT, size = 40;
    auto ring = open_loopback(length, 1, binding(1));
    const uint16_t self = Who(lead()).value;
    const Gpa bytes = lead().alloc(size);
    lead().fill_pattern(bytes, size, 6);
    for (uint32_t cut = 0; cut <= size; cut++) {
        row("first piece", cut);
        const argo_iov pieces[] = {
            {bytes.value, cut, 0}, {UINT64_MAX, 0, 0}, {bytes.value + cut, size - cut, 0}};
        SendArguments with;
        with.addresses = {{9, self, 0}, {1, self, 0}};
        with.pieces = pieces;
        start_at(ring, start);
        require_eq(sendv(lead(), with), size);
        const auto message = ring.peek();
        require(message);
        expect_eq(ring.find_mismatch(*message, 6), size);
        expect_eq(ring.tx(), (start + footprint(size)) % length);
    }
}

CASE(ring, bare_headers_fill_all_slots_but_one, core_loopback, "ARGO-RING-002", "ARGO-SENDV-031",
     "ARGO-RING-012")
{
    // From each slot: as many as there are slots but one, and not one more, however they stand to the end.
    constexpr uint32_t length = 112, slots = length / ARGO_SLOT;
    auto ring = open_loopback(length, 1, binding(1));
    for (uint32_t start = 0; start < slots; start++) {
        row("first slot", start);
        start_at(ring, start * ARGO_SLOT);
        for (uint32_t i = 0; i + 1 < slots; i++) require_eq(send(lead(), 9, lead(), 1, {}, i), 0);
        expect_error(send(lead(), 9, lead(), 1, {}), ARGO_EAGAIN);
        for (uint32_t i = 0; i + 1 < slots; i++) {
            const auto message = ring.receive();
            require(message);
            expect_eq(message->type, i);
            expect_eq(message->position, (start + i) % slots * ARGO_SLOT);
        }
        expect_eq(ring.unread(), 0u);
    }
}

CASE(ring, a_header_stands_whole_in_the_last_slot, core_loopback, "ARGO-RING-004")
{
    constexpr uint32_t length = 112, last = length - ARGO_SLOT;
    auto ring = open_loopback(length);

    start_at(ring, last);
    require_eq(send(lead(), 9, lead(), 1, "around the corner", 3), 17);
    const auto header = lead().load<argo_message>(ring.at(last));
    expect_eq(header.length, sizeof(argo_message) + 17u);
    expect_eq(header.type, 3u);
    char text[17];
    lead().read(ring.at(0), text, sizeof text);
    expect_eq(std::memcmp(text, "around the corner", sizeof text), 0);
    expect_eq(ring.tx(), 32u);

    // A bare one ends with the data, which is to say at their start.
    start_at(ring, last);
    require_eq(put(ring, 0), 0);
    expect_eq(ring.tx(), 0u);
}

CASE(ring, the_smallest_ring_goes_round_and_round, core_loopback, "ARGO-RING-001", "ARGO-RING-003",
     "ARGO-RING-004")
{
    // Three slots, of which two can be used: bare headers and full ones in all of its positions, many times.
    auto ring = open_loopback(smallest);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < 30; i++) {
        row("message", i);
        const uint32_t size = i % 5 == 0 ? 0 : 3 * i % (brimful + 1);
        require_eq(put(ring, size, i), size);
        const auto message = ring.receive();
        require(message);
        expect_eq(message->position, expected);
        expect_eq(message->size(), size);
        expect_eq(ring.find_mismatch(*message, i), size);
        expected = (expected + footprint(size)) % smallest;
    }
}

namespace {

/// With this rx_ptr the hypervisor sees so many free bytes: what just fits is accepted, a byte more is not.
/// Nothing is left behind but a message. First by notify, which only looks.
void expect_free(Ring& ring, uint32_t tx, uint32_t rx, uint32_t free)
{
    row("rx_ptr", rx, "tx_ptr", tx);
    start_at(ring, tx);
    ring.set_rx(rx);
    const uint32_t fits = free - ARGO_RING_OVERHEAD;
    if (fits + ARGO_RING_OVERHEAD < ring.length()) {
        expect_eq(ask(lead(), lead(), ring.port(), fits + 1).flags, ARGO_NOTIFY_EXISTS);
        expect_error(put(ring, fits + 1), ARGO_EAGAIN);
    }
    expect_eq(ask(lead(), lead(), ring.port(), fits).flags & ARGO_NOTIFY_SUFFICIENT, ARGO_NOTIFY_SUFFICIENT);
    expect_eq(put(ring, fits), fits);
    expect_eq(ring.rx(), rx); // It is the receiver's, lie or not.
}

} // namespace

CASE(ring, an_odd_rx_is_rounded_up, core_loopback, "ARGO-RING-005", "ARGO-SENDV-031")
{
    constexpr uint32_t length = 112;
    auto ring = open_loopback(length);
    expect_free(ring, 48, 1, 80); // As 16, not as 0 ...
    expect_free(ring, 48, 15, 80);
    expect_free(ring, 48, 16, 80);
    expect_free(ring, 48, 17, 96);  // ... as 32 ...
    expect_free(ring, 48, 33, 112); // ... as 48, where tx_ptr is: empty ...
    expect_free(ring, 48, 95, 48);  // ... and as 96, behind tx_ptr.
    expect_free(ring, 16, 81, 80);
}

CASE(ring, an_rx_outside_is_zero, core_loopback, "ARGO-RING-006", "ARGO-SENDV-031")
{
    constexpr uint32_t length = 112;
    auto ring = open_loopback(length);
    // Zero is 64 bytes before tx_ptr here, so there are 48 free.
    for (const uint32_t rx : {0u, length - 15, length - 1, length, length + 1, length + 16, 2 * length,
                              0x80000000u, 0xfffffff0u, 0xfffffff1u, 0xffffffffu})
        expect_free(ring, 64, rx, 48);
}

CASE(ring, no_rx_does_more_than_harm_its_own_ring, core_loopback, "ARGO-RING-005", "ARGO-RING-006",
     "ARGO-RING-013")
{
    // Whatever rx_ptr is, messages go where tx_ptr was, tx_ptr
    // stays possible, and what lies around the ring stays.
    constexpr uint32_t length = 112;
    auto ring = open_loopback(length);
    const Gpa behind{ring.at(0).value + length};
    lead().fill_pattern(behind, 256, 99);
    uint32_t tx = 0;
    for (uint32_t i = 0; i < 60; i++) {
        const auto rx = static_cast<uint32_t>(i % 3 == 0 ? random() : random_below(2 * length));
        const auto size = static_cast<uint32_t>(random_below(length));
        row("rx_ptr", rx, "size", size);
        ring.set_rx(rx);
        const int64_t result = put(ring, size, i);
        if (size > length - ARGO_RING_OVERHEAD) {
            expect_error(result, ARGO_EMSGSIZE);
        } else if (result >= 0) {
            expect_eq(result, size);
            tx = (tx + footprint(size)) % length;
        } else {
            expect_error(result, ARGO_EAGAIN);
        }
        expect_eq(ring.tx(), tx);
        expect_eq(ring.rx(), rx);
    }
    expect_eq(lead().find_mismatch(behind, 256, 99), 256u);
}

CASE(ring, a_tx_of_the_guest_is_nothing, core_loopback, "ARGO-RING-007")
{
    constexpr uint32_t length = 160;
    auto ring = open_loopback(length);
    uint32_t tx = 0;
    for (const uint32_t lie : {32u, 0u, 144u, 7u, length, 0x80000000u, 0xffffffffu}) {
        row("tx_ptr", lie);
        ring.set_rx(tx);
        ring.set_tx(lie);
        require_eq(send(lead(), 9, lead(), 1, "true"), 4);
        expect_eq(ring.tx(), (tx + footprint(4)) % length); // It is corrected with the message ...
        const auto message = ring.receive();
        require(message);
        expect_eq(message->position, tx); // ... which stands where the last one ended.
        expect(message->is("true"));
        tx = (tx + footprint(4)) % length;
    }
}

CASE(ring, a_tx_of_the_guest_makes_no_space, core_loopback, "ARGO-RING-007", "ARGO-RING-012")
{
    // The ring is full, whatever the guest writes beside its own pointer.
    auto ring = full_ring(lead(), 1, lead());
    for (const uint32_t lie : {0u, 16u, 0xffffffffu}) {
        row("tx_ptr", lie);
        ring.set_tx(lie);
        expect_error(knock(1), ARGO_EAGAIN);
        expect_eq(ask(lead(), lead(), 1, 0).flags, ARGO_NOTIFY_EXISTS);
    }
}

CASE(ring, unread_messages_are_safe, core_loopback, "ARGO-RING-012", "ARGO-SENDV-033")
{
    // Three messages around the end of the data, and a sender
    // that tries everything: only what is free is used.
    constexpr uint32_t length = 160;
    auto ring = open_loopback(length);
    start_at(ring, length - 48);
    require_eq(put(ring, 20, 1), 20);
    require_eq(put(ring, 1, 2), 1);
    const uint32_t free = length - footprint(20) - footprint(1), fits = free - ARGO_RING_OVERHEAD;
    for (uint32_t size = length - ARGO_RING_OVERHEAD; size > fits; size--) {
        row("size", size);
        expect_error(put(ring, size, 3), ARGO_EAGAIN);
    }
    require_eq(put(ring, fits, 4), fits);
    expect_error(put(ring, 0), ARGO_EAGAIN);

    const uint64_t seeds[] = {1, 2, 4};
    for (const uint64_t seed : seeds) {
        row("message", seed);
        const auto message = ring.receive();
        require(message);
        expect_eq(ring.find_mismatch(*message, seed), message->size());
    }
    expect_eq(ring.unread(), 0u);
}

CASE(ring, nothing_of_the_header_is_written_but_tx, core_loopback, "ARGO-RING-013")
{
    // Everything that has to do with rings, and then the
    // header: rx_ptr odd as it was, the reserved words, too.
    const Pages pages{lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
    lead().fill_pattern(pages.base, sizeof(argo_ring), 17);
    argo_ring before = lead().load<argo_ring>(pages.base);
    before.rx_ptr = 161;
    before.tx_ptr = 176;
    lead().store(pages.base, before);
    const auto enter = [&] {
        return register_ring(
            lead(), {.port = 1, .partner = lead(), .length = 320, .flags = binding(1), .pages = pages});
    };

    require_ok(enter());
    require_eq(send_pattern(lead(), 9, lead(), 1, 100, 1), 100);
    expect_eq(ask(lead(), lead(), 1, 0).flags, ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_SUFFICIENT);
    require_eq(send_pattern(lead(), 9, lead(), 1, 100, 1), 100);
    expect_error(send_pattern(lead(), 9, lead(), 1, 200, 1), ARGO_EAGAIN);
    require_ok(notify_all(lead()));
    require_ok(enter());
    require_ok(unregister_ring(lead(), {.port = 1, .partner = lead()}));

    argo_ring after = lead().load<argo_ring>(pages.base);
    expect_eq(after.tx_ptr, (176 + 2 * footprint(100)) % 320);
    after.tx_ptr = before.tx_ptr;
    expect_eq(std::memcmp(&before, &after, sizeof before), 0);
}

CASE(ring, frames_in_any_order_make_a_ring, core_loopback, "ARGO-RING-014", "ARGO-RING-003")
{
    // Four pages listed as third, first, fourth, second, and messages that cross from each to the next.
    const Gpa base = lead().alloc(4 * ARGO_PAGE_SIZE, ARGO_PAGE_SIZE);
    constexpr uint32_t order[] = {2, 0, 3, 1}, length = ring_length(4), size = 6000;
    uint64_t frames[4];
    for (uint32_t i = 0; i < 4; i++) frames[i] = frame_of(base) + order[i];
    require_ok(register_ring(lead(), {.port = 1, .partner = lead(), .length = length, .frames = frames}));
    const Gpa header{base.value + order[0] * ARGO_PAGE_SIZE};

    uint32_t position = 0;
    for (uint32_t i = 0; i < 5; i++) {
        row("message", i);
        require_eq(send_pattern(lead(), 9, lead(), 1, size, i, i), size);
        expect_eq(lead().load<argo_ring>(header).tx_ptr, (position + footprint(size)) % length);

        // Follow it, page by page, as the list has them.
        uint32_t checked = 0;
        uint32_t at = (position + static_cast<uint32_t>(sizeof(argo_message))) % length;
        while (checked < size) {
            const uint32_t offset = at + static_cast<uint32_t>(sizeof(argo_ring));
            const uint32_t page = offset / 4096, within = offset % 4096;
            const uint32_t end_of_page = 4096 - within, end_of_data = length - at, left = size - checked;
            uint32_t run = end_of_page < end_of_data ? end_of_page : end_of_data;
            run = run < left ? run : left;
            const Gpa here{base.value + order[page] * ARGO_PAGE_SIZE + within};
            expect_eq(lead().find_mismatch(here, run, i, checked), run);
            checked += run;
            at = (at + run) % length;
        }
        position = (position + footprint(size)) % length;
        lead().store(header, position); // rx_ptr
    }
}

namespace {

/// A ring in this program's memory, as somebody hostile may have left it.
struct HostileRing
{
    static constexpr uint32_t length = 112;
    alignas(16) uint8_t bytes[sizeof(argo_ring) + length] = {};

    argo_ring* header() { return reinterpret_cast<argo_ring*>(bytes); }
    void put(uint32_t position, argo_message message)
    {
        std::memcpy(bytes + sizeof(argo_ring) + position, &message, sizeof message);
    }
};

/// What the guest library makes of one message of this length with the pointers like that.
argo::Error verdict_on(uint32_t rx, uint32_t tx, uint32_t message_length)
{
    row("rx_ptr", rx, "tx_ptr", tx, "length", message_length);
    HostileRing ring;
    ring.header()->rx_ptr = rx;
    ring.header()->tx_ptr = tx;
    if (rx < ring.length) ring.put(rx, {message_length, {}, 0});
    argo::RingReader reader(ring.header(), ring.length);
    return reader.peek().error();
}

} // namespace

CASE(ring, the_librarys_reader_believes_nothing, core_loopback, "ARGO-RING-010")
{
    using enum argo::Error;
    // Messages as they can be ...
    expect_eq(verdict_on(0, 0, 0), empty);
    expect_eq(verdict_on(0, 16, 16), none);
    expect_eq(verdict_on(0, 48, 17), none);
    expect_eq(verdict_on(96, 32, 48), none);
    // ... too short for their header ...
    expect_eq(verdict_on(0, 16, 0), corrupt);
    expect_eq(verdict_on(0, 16, 15), corrupt);
    // ... reaching beyond what was published, by one byte, around the end, by a lot ...
    expect_eq(verdict_on(0, 16, 17), corrupt);
    expect_eq(verdict_on(96, 32, 49), corrupt);
    expect_eq(verdict_on(16, 0, 97), corrupt);
    expect_eq(verdict_on(0, 32, 0x80000000), corrupt);
    expect_eq(verdict_on(0, 32, 0xffffffff), corrupt);
    // ... and pointers that are none.
    expect_eq(verdict_on(0, 8, 16), corrupt);
    expect_eq(verdict_on(0, 24, 16), corrupt);
    expect_eq(verdict_on(0, 112, 16), corrupt);
    expect_eq(verdict_on(0, 0xfffffff0, 16), corrupt);
}

CASE(ring, the_librarys_reader_stays_inside, core_loopback, "ARGO-RING-010")
{
    // Between two walls, over a ring that changes under it at random, for a while: everything that it is
    // asked to do ends, and nothing outside of the ring comes out or is changed.
    struct
    {
        uint8_t before[64];
        HostileRing ring;
        uint8_t behind[64];
    } memory;
    std::memset(memory.before, 0xee, sizeof memory.before);
    std::memset(memory.behind, 0xee, sizeof memory.behind);
    argo::RingReader reader(memory.ring.header(), HostileRing::length);

    bool leaked = false;
    for (uint32_t round = 0; round < 60; round++) {
        const auto position =
            static_cast<uint32_t>(random_below(HostileRing::length / ARGO_SLOT)) * ARGO_SLOT;
        memory.ring.put(position, {static_cast<uint32_t>(random_below(160)), {}, 0});
        memory.ring.header()->tx_ptr = static_cast<uint32_t>(random_below(160));
        memory.ring.header()->rx_ptr = static_cast<uint32_t>(random());

        uint8_t out[256];
        const auto message = reader.peek();
        if (message) {
            const uint32_t copied = reader.copy_out(out, sizeof out);
            expect_eq(copied, message->size);
            expect(copied <= HostileRing::length - sizeof(argo_message));
            for (uint32_t i = 0; i < copied; i++) leaked = leaked || out[i] == 0xee;
            reader.consume();
        } else if (message.error() == argo::Error::corrupt) {
            reader.resynchronise();
        }
        expect(memory.ring.header()->rx_ptr % ARGO_SLOT == 0 || !message);
    }
    expect(!leaked);
    for (const uint8_t byte : memory.before) expect_eq(byte, 0xeeu);
    for (const uint8_t byte : memory.behind) expect_eq(byte, 0xeeu);
}
