// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// hostile: a second vCPU of the caller rewrites what a call reads while the call runs. Whatever the call has
// seen, it has seen once: its result, what it did, and what it wrote fit to one and the same value.
// Book: spec/call.rst, spec/security.rst.
//
// Nobody can say which value a call sees, or whether the two vCPUs meet at all; so a case is a number of
// rounds, and what it expects holds in each of them, for every value.

#include <cstring>

#include "frames.hpp"
#include "harness/second.hpp"

using namespace argo::suite;

namespace {

constexpr uint32_t rounds = 32; // in which the vCPUs have met; a fast machine has many more

constexpr size_t at_op = offsetof(argo_frame, op), at_flags = offsetof(argo_frame, flags),
                 at_argument = offsetof(argo_frame, arg);

Gpa plus(Gpa where, size_t offset) { return Gpa{where.value + offset}; }

/// Bits that make no memory of an address, nobody of a domid, and far too much of a number; a byte of its
/// own.
constexpr uint64_t far = UINT64_C(1) << 46;
constexpr uint16_t strange = 0x4000;
constexpr uint32_t huge = 0xff000000;

/// A call that cannot be told from a good one or from a bad one.
void expect_one_of(int64_t result, std::initializer_list<int64_t> possible)
{
    for (const int64_t each : possible)
        if (result == each) return (void)expect(true);
    expect_eq(result, *possible.begin());
}

constexpr int64_t minus(uint32_t error) { return -static_cast<int64_t>(error); }

/// What a sendv of the lead reads: addresses to port 1 of itself, and one piece of this pattern.
struct Sending
{
    Gpa addresses = lead().alloc(sizeof(argo_send_addr)), piece = lead().alloc(sizeof(argo_iov));
    Gpa bytes;

    explicit Sending(uint32_t size, uint64_t seed = 1) : bytes(lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE))
    {
        const uint16_t self = Who(lead()).value;
        lead().fill_pattern(bytes, ARGO_PAGE_SIZE, seed);
        lead().store(addresses, argo_send_addr{{9, self, 0}, {1, self, 0}});
        lead().store(piece, argo_iov{bytes.value, size, 0});
    }
    int64_t send() const { return lead().call(ARGO_OP_SENDV, addresses.value, piece.value, 1, 7); }
};

/// The ring has this message at its beginning, and no other; it is taken out.
void expect_only(Ring& ring, uint32_t position, uint32_t size, uint64_t seed)
{
    const auto message = ring.receive();
    if (!expect(message)) return;
    expect_eq(message->position, position);
    expect_eq(message->size(), size);
    expect_eq(ring.find_mismatch(*message, seed), size);
    expect_eq(message->type, 7u);
    expect_eq(message->source.domid, lead().domid());
    expect_eq(ring.unread(), 0u);
}

} // namespace

CASE(hostile, the_frame_changes, hostile, "ARGO-CALL-008", "ARGO-CALL-002")
{
    // Notify without questions, with a question that is no memory, with a flag, and a number that nobody has.
    by_each_doorbell([](const argo::Mechanism& mechanism) {
        const argo_frame before = frame_for(ARGO_OP_NOTIFY);
        const Gpa frame = lead().alloc(sizeof before, ARGO_FRAME_ALIGN);
        lead().store(frame, before);
        Rewriter rewriter;
        rewriter.add(plus(frame, at_op), ARGO_OPERATION_WORD(ARGO_OP_NOTIFY), ARGO_OPERATION_WORD(0x1fu));
        rewriter.add(plus(frame, at_flags), uint32_t{0}, uint32_t{1});
        rewriter.add(plus(frame, at_argument), uint64_t{0}, far);
        rewriter.start();
        while (rewriter.more(rounds / 2)) {
            lead().store(plus(frame, offsetof(argo_frame, result)), unwritten);
            require(ring_at(mechanism, frame));
            expect_one_of(lead().load<argo_frame>(frame).result,
                          {0, minus(ARGO_EINVAL), minus(ARGO_EOPNOTSUPP), minus(ARGO_EFAULT)});
        }
        rewriter.stop();
        const auto after = lead().load<argo_frame>(frame);
        expect_eq(std::memcmp(after.cookie, before.cookie, sizeof after.cookie), 0);
        for (uint32_t i = 1; i < 4; i++) expect_eq(after.arg[i], 0u);
    });
}

CASE(hostile, the_length_of_a_piece_changes, hostile, "ARGO-CALL-008", "ARGO-SENDV-016", "ARGO-SENDV-011",
     "ARGO-SENDV-104")
{
    // Short, empty, and too long for any ring. The result, the header and the bytes agree on one of them.
    const Sending sending(100);
    auto ring = open_loopback(one_page, 1, binding(1));
    Rewriter rewriter;
    rewriter.add(plus(sending.piece, offsetof(argo_iov, length)), 100u, 0u, 100u | huge, huge);
    rewriter.start();
    while (rewriter.more(rounds)) {
        const uint32_t tx = ring.tx();
        const int64_t result = sending.send();
        expect_one_of(result, {100, 0, minus(ARGO_EMSGSIZE)});
        if (result >= 0)
            expect_only(ring, tx, static_cast<uint32_t>(result), 1);
        else
            expect_eq(ring.tx(), tx);
    }
}

CASE(hostile, the_base_of_a_piece_changes, hostile, "ARGO-CALL-008", "ARGO-SENDV-105")
{
    // Memory and no memory: the message is whole, or it is nowhere, and there is no hole.
    const Sending sending(200);
    auto ring = open_loopback(one_page, 1, binding(1));
    Rewriter rewriter;
    rewriter.add(plus(sending.piece, offsetof(argo_iov, base)), sending.bytes.value,
                 sending.bytes.value | far);
    rewriter.start();
    while (rewriter.more(rounds)) {
        const uint32_t tx = ring.tx();
        const int64_t result = sending.send();
        expect_one_of(result, {200, minus(ARGO_EFAULT)});
        if (result >= 0)
            expect_only(ring, tx, 200, 1);
        else
            expect_eq(ring.tx(), tx);
    }
}

CASE(hostile, the_flags_of_a_piece_change, hostile, "ARGO-CALL-008", "ARGO-SENDV-103")
{
    const Sending sending(64);
    auto ring = open_loopback(one_page, 1, binding(1));
    Rewriter rewriter;
    rewriter.add(plus(sending.piece, offsetof(argo_iov, flags)), 0u, UINT32_C(1) << 19);
    rewriter.start();
    while (rewriter.more(rounds)) {
        const uint32_t tx = ring.tx();
        const int64_t result = sending.send();
        expect_one_of(result, {64, minus(ARGO_EINVAL)});
        if (result >= 0)
            expect_only(ring, tx, 64, 1);
        else
            expect_eq(ring.tx(), tx);
    }
}

CASE(hostile, the_addresses_change, hostile, "ARGO-CALL-008", "ARGO-SENDV-014", "ARGO-SENDV-106")
{
    // To one port or to the other; in the own name, or in one that is nobody's. The message is in one ring,
    // from the lead, or in none: what was checked is what is written into the header.
    const uint16_t self = Who(lead()).value;
    const Sending sending(30);
    auto one = open_loopback(one_page, 1, binding(1)), two = open_loopback(one_page, 2, binding(1));
    Rewriter rewriter;
    rewriter.add(plus(sending.addresses, offsetof(argo_send_addr, src.domid)), self,
                 static_cast<uint16_t>(self | strange));
    rewriter.add(plus(sending.addresses, offsetof(argo_send_addr, dst.port)), 1u, 2u, 3u);
    rewriter.start();
    while (rewriter.more(rounds)) {
        const uint32_t at_one = one.tx(), at_two = two.tx();
        const int64_t result = sending.send();
        expect_one_of(result, {30, minus(ARGO_EPERM), minus(ARGO_ECONNREFUSED)});
        const bool in_one = one.unread() != 0, in_two = two.unread() != 0;
        expect_eq(in_one + in_two, result >= 0);
        if (in_one) expect_only(one, at_one, 30, 1);
        if (in_two) expect_only(two, at_two, 30, 1);
    }
}

CASE(hostile, an_entry_changes, hostile, "ARGO-CALL-008", "ARGO-BATCH-001", "ARGO-BATCH-005")
{
    // The first of two entries: to one port, to the other or to none; in the own name, or in one that is
    // nobody's; with a piece, with none, or with more than may be; flawed, or not. The second one is sent.
    not_supported_unless(ARGO_FEATURE_BATCH, "feature BATCH is not offered");
    const uint16_t self = Who(lead()).value;
    const Sending sending(30);
    auto one = open_loopback(one_page, 1, binding(1)), two = open_loopback(one_page, 2, binding(1)),
         third = open_loopback(one_page, 5, binding(1));
    const Gpa entries = lead().alloc(2 * sizeof(argo_batch_entry));
    const Gpa second = plus(entries, sizeof(argo_batch_entry));
    lead().store(entries, argo_batch_entry{{{9, self, 0}, {1, self, 0}}, sending.piece.value, 1, 7, 0, 0});
    lead().store(second, argo_batch_entry{{{9, self, 0}, {5, self, 0}}, 0, 0, 8, 0, 0});
    Rewriter rewriter;
    rewriter.add(plus(entries, offsetof(argo_batch_entry, addresses.src.domid)), self,
                 static_cast<uint16_t>(self | strange));
    rewriter.add(plus(entries, offsetof(argo_batch_entry, addresses.dst.port)), 1u, 2u, 3u);
    rewriter.add(plus(entries, offsetof(argo_batch_entry, count)), 1u, 0u, 1u | huge, huge);
    rewriter.add(plus(entries, offsetof(argo_batch_entry, reserved)), UINT64_C(0), far);
    rewriter.start();
    while (rewriter.more(rounds)) {
        const uint32_t at_one = one.tx(), at_two = two.tx();
        for (int64_t left = 2; left > 0;) {
            const Gpa next = left == 2 ? entries : second;
            const int64_t answered = lead().call(ARGO_OP_SEND_BATCH, next.value, static_cast<uint64_t>(left));
            require(answered > 0 && answered <= left);
            left -= answered;
        }
        const uint32_t in_one = one.unread(), in_two = two.unread();
        expect(in_one == 0 || in_two == 0);
        if (in_one != 0) expect_only(one, at_one, in_one == footprint(0) ? 0 : 30, 1);
        if (in_two != 0) expect_only(two, at_two, in_two == footprint(0) ? 0 : 30, 1);
        expect_eq(third.unread(), footprint(0)); // Whatever the first one came to.
        third.drain();
    }
}

CASE(hostile, the_payload_changes, hostile, "ARGO-SENDV-010", "ARGO-SENDV-020")
{
    // Nobody promises which bytes are sent then; only that there are as many, of these, and none beside them.
    constexpr uint32_t size = 64;
    const Sending sending(size);
    auto ring = open_loopback(one_page, 1, binding(1));
    Rewriter rewriter;
    for (uint32_t at = 0; at < size; at += 8)
        rewriter.add(plus(sending.bytes, at), UINT64_C(0x1111111111111111), UINT64_C(0x1111111111221111));
    rewriter.start();
    while (rewriter.more(rounds)) {
        require_eq(sending.send(), size);
        const auto message = ring.receive();
        require(message);
        expect_eq(message->size(), size);
        for (const uint8_t byte : message->payload()) {
            if (byte == 0x11 || byte == 0x22) continue;
            expect_eq(byte, 0x11u);
        }
    }
}

CASE(hostile, rx_moves_while_messages_come, hostile, "ARGO-RING-009", "ARGO-RING-005", "ARGO-RING-006",
     "ARGO-RING-001")
{
    // The receiver's pointer jumps about. Messages go where tx_ptr was, whole; tx_ptr goes on from there.
    constexpr uint32_t length = 160, size = 40;
    auto ring = open_loopback(length, 1, binding(1));
    const Gpa behind = plus(ring.at(0), length);
    lead().fill_pattern(behind, 256, 99);
    const Sending sending(size);
    uint32_t tx = 0;
    Rewriter rewriter;
    rewriter.add(ring.base(), 0u, 64u, 121u, 255u);
    rewriter.start();
    while (rewriter.more(rounds)) {
        const int64_t result = sending.send();
        expect_one_of(result, {size, minus(ARGO_EAGAIN)});
        if (result >= 0) {
            argo_message header;
            uint8_t bytes[size];
            ring.read(tx, &header, sizeof header);
            ring.read((tx + static_cast<uint32_t>(sizeof header)) % length, bytes, size);
            expect_eq(header.length, size + sizeof header);
            expect_eq(pattern_mismatch(bytes, size, 1), size);
            tx = (tx + footprint(size)) % length;
        }
        expect_eq(ring.tx(), tx);
    }
    rewriter.stop();
    expect_eq(lead().find_mismatch(behind, 256, 99), 256u);
}

CASE(hostile, no_rx_is_taken_for_two, hostile, "ARGO-RING-009", "ARGO-SENDV-031", "ARGO-RING-012")
{
    // With each of the values that rx_ptr has there is too little space. Only who reads it twice, and
    // computes with both, finds enough.
    constexpr uint32_t length = 160, largest = length - ARGO_RING_OVERHEAD;
    auto ring = open_loopback(length, 1, binding(1));
    require_ok(send(lead(), 9, lead(), 1, {}));
    ring.set_rx(0);
    const Sending sending(largest);
    Rewriter rewriter;
    rewriter.add(ring.base(), 0u, 64u, 128u);
    rewriter.start();
    while (rewriter.more(rounds)) {
        require_error(sending.send(), ARGO_EAGAIN);
        require_eq(ring.tx(), footprint(0));
    }
}

CASE(hostile, tx_is_written_while_messages_come, hostile, "ARGO-RING-007", "ARGO-RING-001")
{
    // The hypervisor's own copy is the truth, also for the message that comes in this moment.
    constexpr uint32_t length = 160, size = 16;
    auto ring = open_loopback(length, 1, binding(1));
    const Sending sending(size);
    uint32_t tx = 0;
    Rewriter rewriter;
    rewriter.add(plus(ring.base(), offsetof(argo_ring, tx_ptr)), 0u, 8u, 128u, 240u);
    rewriter.start();
    while (rewriter.more(rounds)) {
        const argo_message none{};
        ring.write(tx, &none, sizeof none);
        ring.set_rx(tx);
        require_eq(sending.send(), size);
        argo_message header;
        ring.read(tx, &header, sizeof header);
        expect_eq(header.length, size + sizeof header);
        tx = (tx + footprint(size)) % length;
    }
}

CASE(hostile, a_registration_changes, hostile, "ARGO-CALL-008", "ARGO-REGISTER-105", "ARGO-REGISTER-106")
{
    // A ring of one page, the longest of one page, one that is no length, and one of two pages. What is
    // registered behaves as the one that was checked: it takes what it says, and never reaches beyond its
    // page.
    const Pages page{lead().alloc(2 * ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
    const Gpa behind = plus(page.base, ARGO_PAGE_SIZE);
    constexpr uint32_t shorter = one_page - 9 * ARGO_SLOT;
    const Gpa structure = lead().alloc(sizeof(argo_register)), list = lead().alloc(sizeof(uint64_t));
    lead().store(list, frame_of(page.base));
    lead().store(structure, argo_register{1, Who(lead()).value, 0, shorter});
    lead().fill_pattern(behind, ARGO_PAGE_SIZE, 5);
    Rewriter rewriter;
    rewriter.add(plus(structure, offsetof(argo_register, length)), shorter, one_page, shorter - 1,
                 one_page + ARGO_SLOT);
    rewriter.start();
    while (rewriter.more(rounds / 2)) {
        lead().store(page.base, argo_ring{});
        const int64_t result = lead().call(ARGO_OP_REGISTER_RING, structure.value, list.value, 1);
        expect_one_of(result, {0, minus(ARGO_EINVAL)});
        if (result < 0) continue;
        const uint32_t largest = ask(lead(), lead(), 1, 0).max_message;
        expect_one_of(largest, {shorter - ARGO_RING_OVERHEAD, one_page - ARGO_RING_OVERHEAD});
        expect_eq(send_pattern(lead(), 9, lead(), 1, largest, 1), largest);
        expect_error(send_pattern(lead(), 9, lead(), 1, largest + 1, 1), ARGO_EMSGSIZE);
        require_ok(unregister_ring(lead(), {.port = 1, .partner = lead()}));
    }
    expect_eq(lead().find_mismatch(behind, ARGO_PAGE_SIZE, 5), ARGO_PAGE_SIZE);
}

CASE(hostile, the_list_of_frames_changes, hostile, "ARGO-CALL-008", "ARGO-REGISTER-111")
{
    // The second page is one or another, or no memory. A ring has one of them, for as long as it is
    // registered.
    constexpr uint32_t length = ring_length(2), size = one_page;
    const Gpa pages = lead().alloc(3 * ARGO_PAGE_SIZE, 4 * ARGO_PAGE_SIZE);
    const Gpa structure = lead().alloc(sizeof(argo_register)), list = lead().alloc(2 * sizeof(uint64_t));
    lead().store(structure, argo_register{1, Who(lead()).value, 0, length});
    lead().store(list, frame_of(pages));
    lead().store(plus(list, 8), frame_of(pages) + 1);
    // From here on a message goes through the end of the first page and through the whole second one.
    constexpr uint32_t start = one_page - 2 * ARGO_SLOT, in_second = size - ARGO_SLOT;
    Rewriter rewriter;
    const uint64_t one = frame_of(pages) + 1, other = frame_of(pages) + 2, none = far / ARGO_PAGE_SIZE;
    rewriter.add(plus(list, 8), one, other, one | none, other | none);
    rewriter.start();
    uint64_t seed = 0;
    while (rewriter.more(rounds / 2)) {
        lead().store(pages, argo_ring{start, start, 0, 0, {}});
        const int64_t result = lead().call(ARGO_OP_REGISTER_RING, structure.value, list.value, 2);
        expect_one_of(result, {0, minus(ARGO_EFAULT)});
        if (result < 0) {
            expect_eq(ask(lead(), lead(), 1, 0).flags, 0u);
            continue;
        }
        require_eq(send_pattern(lead(), 9, lead(), 1, size, ++seed), size);
        const bool first =
            lead().find_mismatch(plus(pages, ARGO_PAGE_SIZE), in_second, seed, ARGO_SLOT) == in_second;
        const bool second =
            lead().find_mismatch(plus(pages, 2 * ARGO_PAGE_SIZE), in_second, seed, ARGO_SLOT) == in_second;
        expect_eq(first + second, 1);
        require_ok(unregister_ring(lead(), {.port = 1, .partner = lead()}));
    }
}

CASE(hostile, the_name_of_a_ring_changes_while_it_is_taken_back, hostile, "ARGO-CALL-008",
     "ARGO-UNREGISTER-005")
{
    // One of two rings is taken back, or none; never both, and never one that has another name.
    const Gpa structure = lead().alloc(sizeof(argo_unregister));
    const uint16_t self = Who(lead()).value;
    const auto other = static_cast<uint16_t>(self | strange);
    lead().store(structure, argo_unregister{1, self, 0});
    const Pages page{lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
    const auto enter = [&](uint32_t port) {
        return register_ring(lead(), {.port = port, .partner = lead(), .length = smallest, .pages = page});
    };
    for (uint32_t port = 1; port <= 3; port++) require_ok(enter(port));
    Rewriter rewriter;
    rewriter.add(structure, 1u, 2u);
    rewriter.add(plus(structure, offsetof(argo_unregister, partner)), self, other, other);
    rewriter.start();
    while (rewriter.more(rounds / 2)) {
        const int64_t result = lead().call(ARGO_OP_UNREGISTER_RING, structure.value);
        expect_one_of(result, {0, minus(ARGO_ENOENT)});
        const bool one = ask(lead(), lead(), 1, 0).flags != 0, two = ask(lead(), lead(), 2, 0).flags != 0;
        expect_eq(one + two, result == 0 ? 1 : 2);
        expect_ne(ask(lead(), lead(), 3, 0).flags, 0u);
        if (!one) require_ok(enter(1));
        if (!two) require_ok(enter(2));
    }
}

CASE(hostile, questions_change, hostile, "ARGO-CALL-008", "ARGO-NOTIFY-021", "ARGO-LIMIT-002",
     "ARGO-NOTIFY-102")
{
    // How many there are, what they are about, and how much they ask for. Each answer is one that some
    // question has; nothing is written behind the last entry that there may be.
    constexpr uint32_t entries = 2;
    const size_t size = sizeof(argo_notify) + entries * sizeof(argo_notify_entry);
    const Gpa where = lead().alloc(size + 64), first = plus(where, sizeof(argo_notify)),
              second = plus(first, sizeof(argo_notify_entry)), behind = plus(where, size);
    auto ring = open_loopback(smallest, 1, binding(1));
    const uint16_t self = Who(lead()).value;
    lead().fill_pattern(behind, 64, 3);
    for (const Gpa entry : {first, second}) lead().store(entry, argo_notify_entry{{1, self, 0}, 0, 0, 0, 0});
    Rewriter rewriter;
    rewriter.add(where, entries, 0u, entries | huge, huge);
    rewriter.add(first, 1u, 2u);
    rewriter.add(plus(second, offsetof(argo_notify_entry, space_required)), 0u, brimful, brimful + 1, 255u);
    rewriter.start();
    constexpr uint16_t fresh = ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_EMPTY | ARGO_NOTIFY_SUFFICIENT;
    constexpr uint16_t never = ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_EMPTY | ARGO_NOTIFY_EMSGSIZE;
    constexpr uint16_t unanswered = 0x8000;
    while (rewriter.more(rounds)) {
        for (const Gpa entry : {first, second})
            lead().store(plus(entry, offsetof(argo_notify_entry, flags)), unanswered);
        expect_one_of(lead().call(ARGO_OP_NOTIFY, where.value), {0, minus(ARGO_EINVAL)});
        const auto one = lead().load<argo_notify_entry>(first), two = lead().load<argo_notify_entry>(second);
        expect_one_of(one.flags, {fresh, 0, unanswered});
        if (one.flags != unanswered) expect_eq(one.max_message, one.flags == 0 ? 0 : brimful);
        expect_one_of(two.flags, {fresh, never, unanswered});
        expect_eq(lead().find_mismatch(behind, 64, 3), 64u);
    }
}

CASE(hostile, the_owner_of_a_ring_lies_while_others_send, hostile, "ARGO-RING-009", "ARGO-SENDV-020")
{
    // The owner moves its rx_ptr about while another domain sends to it. The sender has a success or is told
    // to wait; it is never harmed by what it cannot see.
    auto ring = open_ring(lead(), 7, peer(), 160);
    auto other = open_ring(lead(), 8, peer(), 160);
    Rewriter rewriter;
    rewriter.add(ring.base(), 0u, 32u, 255u);
    rewriter.add(plus(ring.base(), offsetof(argo_ring, tx_ptr)), 0u, 48u);
    rewriter.start();
    for (uint32_t i = 0; i < rounds / 2; i++) { // a call of the peer takes long enough
        row("round", i);
        expect_one_of(send_pattern(peer(), 9, lead(), 7, 20, i), {20, minus(ARGO_EAGAIN)});
        require_eq(send_pattern(peer(), 9, lead(), 8, 20, i), 20);
        const auto message = other.receive();
        require(message);
        expect_eq(other.find_mismatch(*message, i), 20u);
    }
}

CASE(hostile, the_librarys_reader_reads_once, hostile, "ARGO-RING-010")
{
    // The length of a message is possible and impossible by turns, in a ring that nobody has registered. What
    // the library gives is what it has checked.
    constexpr uint32_t length = 112;
    const Gpa memory = lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE), header = plus(memory, sizeof(argo_ring));
    lead().store(memory, argo_ring{0, 48, 0, 0, {}});
    lead().store(header, argo_message{48, {}, 0});
    auto* const ring = static_cast<argo_ring*>(platform::pointer(memory, ARGO_PAGE_SIZE));
    Rewriter rewriter;
    rewriter.add(plus(header, offsetof(argo_message, length)), 48u, 20u, 0u, 255u);
    rewriter.start();
    while (rewriter.more(rounds)) {
        argo::RingReader reader(ring, length);
        const auto message = reader.peek();
        if (message)
            expect(message->size == 32 || message->size == 4);
        else
            expect_eq(message.error(), argo::Error::corrupt);
    }
}
