// SPDX-License-Identifier: MIT
//
// Reading rings: good ones, and whatever else memory may hold. The ring stands between guard pages, so that a
// byte too far is a crash. Book: chapter ring; ARGO-RING-010.
#include <argo/ring.hpp>

#include <gtest/gtest.h>

#include <sys/mman.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

namespace {

using argo::Error;

/// A ring whose last byte is the last one before a page that faults; before its first page is another.
class GuardedRing
{
  public:
    explicit GuardedRing(uint32_t data_bytes) : length(data_bytes)
    {
        const size_t bytes = sizeof(argo_ring) + length;
        size_ = (bytes + page - 1) / page * page + 2 * page;
        base_ = static_cast<uint8_t*>(
            mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        if (base_ == MAP_FAILED || mprotect(base_, page, PROT_NONE) != 0 ||
            mprotect(base_ + size_ - page, page, PROT_NONE) != 0)
            throw std::bad_alloc();
        ring = reinterpret_cast<argo_ring*>(base_ + size_ - page - bytes);
        data = reinterpret_cast<uint8_t*>(ring) + sizeof(argo_ring);
    }
    ~GuardedRing() { munmap(base_, size_); }
    GuardedRing(const GuardedRing&) = delete;
    GuardedRing& operator=(const GuardedRing&) = delete;

    void header(uint32_t at, uint32_t message_length, uint32_t type = 0, argo_addr source = {})
    {
        argo_message header{};
        header.length = message_length;
        header.source = source;
        header.type = type;
        std::memcpy(data + at, &header, sizeof header);
    }

    static constexpr size_t page = 4096;
    const uint32_t length;
    argo_ring* ring;
    uint8_t* data;

  private:
    size_t size_;
    uint8_t* base_;
};

/// As a hypervisor puts it there: header, payload byte by byte around the end, tx_ptr on the next slot.
void put(GuardedRing& to, const std::vector<uint8_t>& payload, uint32_t type = 0)
{
    uint32_t at = to.ring->tx_ptr;
    to.header(at, static_cast<uint32_t>(payload.size() + sizeof(argo_message)), type, {17, 3, 0});
    at += uint32_t{sizeof(argo_message)};
    for (const uint8_t byte : payload) to.data[at++ % to.length] = byte;
    to.ring->tx_ptr = (at + 15) / 16 * 16 % to.length;
}

std::vector<uint8_t> bytes(uint32_t count, uint8_t first = 1)
{
    std::vector<uint8_t> result(count);
    std::iota(result.begin(), result.end(), first);
    return result;
}

TEST(RingGeometry, agrees_with_the_registry)
{
    EXPECT_EQ(argo::ring_length(1), 4032u);
    EXPECT_EQ(argo::ring_pages(4032), 1u);
    EXPECT_EQ(argo::ring_pages(4048), 2u);
    EXPECT_EQ(argo::ring_pages(ARGO_RING_MIN_LENGTH), 1u);
    EXPECT_EQ(argo::ring_pages(0xffffc0), 4096u);
    EXPECT_EQ(argo::ring_pages(0xfffffff0), 1048576u + 1) << "no overflow";
    EXPECT_TRUE(argo::ring_length_valid(48));
    for (const uint32_t length : {0u, 16u, 32u, 47u, 49u, 4095u})
        EXPECT_FALSE(argo::ring_length_valid(length));
    for (uint32_t pages = 1; pages < 5000; ++pages) {
        ASSERT_EQ(argo::ring_pages(argo::ring_length(pages)), pages);
        ASSERT_EQ(argo::ring_pages(argo::ring_length(pages) + 16), pages + 1);
    }
}

TEST(RingReader, without_ring_is_closed)
{
    argo::RingReader none;
    EXPECT_EQ(none.peek().error(), Error::closed);
    EXPECT_EQ(none.consume(), 0u);
    EXPECT_FALSE(none.resynchronise());
    uint8_t byte;
    EXPECT_EQ(none.copy_out(&byte, 1), 0u);

    GuardedRing good(48);
    for (const uint32_t length : {0u, 16u, 32u, 47u, 49u})
        EXPECT_EQ(argo::RingReader(good.ring, length).peek().error(), Error::closed) << length;
}

TEST(RingReader, empty_ring_is_empty)
{
    GuardedRing ring(48);
    for (const uint32_t position : {0u, 16u, 32u}) {
        ring.ring->rx_ptr = ring.ring->tx_ptr = position;
        EXPECT_EQ(argo::RingReader(ring.ring, 48).peek().error(), Error::empty);
    }
}

TEST(RingReader, gives_what_was_put)
{
    GuardedRing ring(4032);
    argo::RingReader reader(ring.ring, 4032);
    put(ring, bytes(20), 0x12345678);
    put(ring, {}, 2);

    const auto first = reader.peek();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->source, (argo::Address{argo::Domid{3}, argo::Port{17}}));
    EXPECT_EQ(first->type, 0x12345678u);
    EXPECT_EQ(first->size, 20u);

    std::vector<uint8_t> copy(64, 0xee);
    EXPECT_EQ(reader.copy_out(copy.data(), 64), 20u);
    EXPECT_TRUE(std::equal(copy.begin(), copy.begin() + 20, bytes(20).begin()));
    EXPECT_EQ(copy[20], 0xee) << "not a byte more";
    EXPECT_EQ(reader.copy_out(copy.data(), 4, 18), 2u);
    EXPECT_EQ(copy[0], 19);
    EXPECT_EQ(reader.copy_out(copy.data(), 4, 20), 0u);
    EXPECT_EQ(reader.copy_out(copy.data(), 4, 0xffffffff), 0u);
    EXPECT_EQ(reader.copy_out(nullptr, 0), 0u);

    EXPECT_EQ(ring.ring->rx_ptr, 0u) << "not given back yet";
    EXPECT_EQ(reader.consume(), 48u);
    EXPECT_EQ(ring.ring->rx_ptr, 48u);
    EXPECT_EQ(reader.consume(), 0u) << "nothing was peeked";
    EXPECT_EQ(reader.copy_out(copy.data(), 4), 0u);

    const auto second = reader.peek();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->size, 0u);
    EXPECT_EQ(second->type, 2u);
    EXPECT_EQ(reader.consume(), 16u);
    EXPECT_EQ(reader.peek().error(), Error::empty);
}

TEST(RingReader, wraps_at_every_slot_for_every_size)
{
    for (const uint32_t length : {48u, 64u, 160u}) {
        GuardedRing ring(length);
        for (uint32_t start = 0; start < length; start += 16)
            for (uint32_t size = 0; size <= length - ARGO_RING_OVERHEAD; ++size) {
                ring.ring->rx_ptr = ring.ring->tx_ptr = start;
                argo::RingReader reader(ring.ring, length);
                const auto payload = bytes(size, static_cast<uint8_t>(size + start));
                put(ring, payload);
                const auto message = reader.peek();
                ASSERT_TRUE(message) << length << ' ' << start << ' ' << size;
                ASSERT_EQ(message->size, size);
                for (uint32_t offset = 0; offset <= size; offset += 7) {
                    std::vector<uint8_t> copy(size - offset);
                    ASSERT_EQ(reader.copy_out(copy.data(), size, offset), size - offset);
                    ASSERT_TRUE(std::equal(copy.begin(), copy.end(), payload.begin() + offset));
                }
                reader.consume();
                ASSERT_EQ(ring.ring->rx_ptr, ring.ring->tx_ptr);
                ASSERT_EQ(reader.peek().error(), Error::empty);
            }
    }
}

TEST(RingReader, starts_where_the_hypervisor_believes_it_starts)
{
    GuardedRing ring(64);
    const std::pair<uint32_t, uint32_t> cases[] = {{0, 0},           {1, 16},          {16, 16}, {33, 48},
                                                   {48, 48},         {49, 0},          {63, 0},  {64, 0},
                                                   {0xfffffff0u, 0}, {0xfffffff1u, 0}, {~0u, 0}, {~15u, 0}};
    for (const auto& [rx, start] : cases) {
        ring.ring->rx_ptr = rx;
        ring.ring->tx_ptr = start;
        EXPECT_EQ(argo::RingReader(ring.ring, 64).peek().error(), Error::empty) << rx;
        ring.ring->tx_ptr = start == 0 ? 16 : 0;
        EXPECT_NE(argo::RingReader(ring.ring, 64).peek().error(), Error::empty) << rx;
    }
}

TEST(RingReader, scribbled_rx_ptr_moves_nothing)
{
    GuardedRing ring(4032);
    argo::RingReader reader(ring.ring, 4032);
    put(ring, bytes(16));
    put(ring, bytes(32));
    ring.ring->rx_ptr = 0xffffffff;
    EXPECT_EQ(reader.peek()->size, 16u);
    reader.consume();
    EXPECT_EQ(ring.ring->rx_ptr, 32u);
    EXPECT_EQ(reader.peek()->size, 32u);
}

TEST(RingReader, header_changed_after_the_check_changes_nothing)
{
    GuardedRing ring(4032);
    argo::RingReader reader(ring.ring, 4032);
    put(ring, bytes(16));
    ASSERT_EQ(reader.peek()->size, 16u);
    ring.header(0, 0xffffffff);
    ring.ring->tx_ptr = 0x12345678;
    EXPECT_EQ(reader.peek()->size, 16u);
    std::vector<uint8_t> copy(4032);
    EXPECT_EQ(reader.copy_out(copy.data(), 4032), 16u);
    EXPECT_EQ(reader.consume(), 32u);
}

struct Corrupt
{
    const char* what;
    uint32_t rx, tx, message_length;
    bool tx_possible; ///< so that the reader can go on
};

TEST(RingReader, corruption_is_an_error_and_skipping_to_tx_its_remedy)
{
    const Corrupt cases[] = {
        {"tx_ptr at the length", 0, 64, 16, false},
        {"tx_ptr beyond the length", 0, 80, 16, false},
        {"tx_ptr at the end of numbers", 0, 0xfffffff0, 16, false},
        {"tx_ptr not on a slot", 0, 24, 16, false},
        {"tx_ptr one off", 0, 1, 16, false},
        {"message without length", 0, 32, 0, true},
        {"message shorter than its header", 0, 32, 15, true},
        {"message one byte beyond tx_ptr", 0, 32, 33, true},
        {"message as long as the ring", 0, 32, 64, true},
        {"message of all ones", 0, 32, 0xffffffff, true},
        {"message whose rounded length is zero", 0, 32, 0xfffffff1, true},
        {"message beyond tx_ptr across the end", 48, 16, 33, true},
        {"no length across the end", 48, 16, 3, true},
    };
    for (const Corrupt& c : cases) {
        SCOPED_TRACE(c.what);
        GuardedRing ring(64);
        ring.ring->rx_ptr = c.rx;
        argo::RingReader reader(ring.ring, 64);
        ring.header(c.rx, c.message_length);
        ring.ring->tx_ptr = c.tx;

        EXPECT_EQ(reader.peek().error(), Error::corrupt);
        EXPECT_EQ(reader.consume(), 0u);
        EXPECT_EQ(ring.ring->rx_ptr, c.rx) << "nothing is given back unasked";
        EXPECT_EQ(reader.resynchronise(), c.tx_possible);
        EXPECT_EQ(ring.ring->rx_ptr, c.tx_possible ? c.tx : c.rx);

        if (!c.tx_possible) ring.ring->tx_ptr = c.rx; // what registering again does
        EXPECT_EQ(reader.peek().error(), Error::empty);
        put(ring, bytes(5));
        EXPECT_EQ(reader.peek()->size, 5u);
    }
}

TEST(RingReader, longest_messages_that_tx_allows_are_no_corruption)
{
    GuardedRing ring(64);
    for (const uint32_t length : {17u, 31u, 32u, 33u, 48u}) {
        ring.ring->rx_ptr = 0;
        ring.ring->tx_ptr = (length + 15) / 16 * 16;
        ring.header(0, length);
        argo::RingReader reader(ring.ring, 64);
        EXPECT_EQ(reader.peek()->size, length - 16);
    }
}

/// Reads until empty or corrupt, as any caller would, into a buffer with a guard page behind it. Returns the
/// messages.
uint32_t drain(argo::RingReader& reader, uint32_t length, uint8_t* end_of_buffer)
{
    uint32_t messages = 0;
    while (const auto message = reader.peek()) {
        EXPECT_LE(message->size, length - ARGO_RING_OVERHEAD);
        const uint32_t size = message->size < 4096 ? message->size : 4096;
        EXPECT_EQ(reader.copy_out(end_of_buffer - size, size), size);
        EXPECT_EQ(reader.copy_out(end_of_buffer - 1, 1, message->size - 1), message->size != 0 ? 1u : 0u);
        EXPECT_NE(reader.consume(), 0u);
        if (++messages > length / ARGO_SLOT) break; // each takes a slot: more would be an endless loop
    }
    return messages;
}

TEST(RingReader, random_rings_neither_escape_nor_loop)
{
    auto random = [engine = std::mt19937(20240229)]() mutable { return static_cast<uint32_t>(engine()); };
    GuardedRing buffer(4096 - sizeof(argo_ring)); // only for its guard page
    uint8_t* const end_of_buffer = buffer.data + buffer.length;
    const uint32_t lengths[] = {48, 64, 80, 1024, 4032, 8128};

    uint64_t readable = 0, corrupt = 0, empty = 0;
    for (const uint32_t length : lengths) {
        GuardedRing ring(length);
        // Half of the numbers are anything; the others plausible, on a slot or near the edges, where mistakes
        // live.
        const auto number = [&] {
            const uint32_t n = random();
            switch (n >> 29) {
            case 0:
            case 1: return random();
            case 2: return length - 20 + n % 40;
            default: return n % length / 16 * 16;
            }
        };
        for (int i = 0; i < 500'000; ++i) {
            for (int header = 0; header < 4; ++header) {
                const uint32_t at = random() % (length / 16) * 16;
                ring.header(at, random() % 4 == 0 ? number() : random() % 80);
            }
            ring.ring->rx_ptr = number();
            ring.ring->tx_ptr = number();

            argo::RingReader reader(ring.ring, length);
            const uint32_t messages = drain(reader, length, end_of_buffer);
            ASSERT_LE(messages, length / ARGO_SLOT);
            readable += messages;
            const auto last = reader.peek().error();
            ASSERT_TRUE(last == Error::empty || last == Error::corrupt);
            ++(last == Error::empty ? empty : corrupt);
            const bool skipped = reader.resynchronise();
            ASSERT_EQ(reader.peek().error(), skipped ? Error::empty : Error::corrupt);
        }
    }
    // The noise reached all three ends, or the test shows nothing.
    EXPECT_GT(readable, 100'000u);
    EXPECT_GT(corrupt, 100'000u);
    EXPECT_GT(empty, 100'000u);
}

TEST(RingReader, ring_that_changes_while_it_is_read)
{
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "a payload that changes while it is copied is what this is about";
#endif
    constexpr uint32_t length = 4032;
    GuardedRing ring(length);
    GuardedRing buffer(length); // only for its guard page
    const std::jthread hostile([&ring](const std::stop_token& stop) {
        auto random = [engine = std::mt19937(7)]() mutable { return static_cast<uint32_t>(engine()); };
        auto* const header = reinterpret_cast<uint32_t*>(ring.ring);
        auto* const data = reinterpret_cast<uint32_t*>(ring.data);
        for (int i = 1; !stop.stop_requested(); ++i) {
            uint32_t* const pointer = header + random() % 2;
            uint32_t* const message_length = data + random() % (length / 16) * 4;
            __atomic_store_n(pointer, random() % length & ~15u, __ATOMIC_RELAXED);
            __atomic_store_n(message_length, random() % 8 == 0 ? random() : random() % 128, __ATOMIC_RELAXED);
            if (i % 64 == 0) std::this_thread::yield(); // on a single CPU the reader has to come in
        }
    });
    argo::RingReader reader(ring.ring, length);
    uint64_t messages = 0, corrupt = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while ((messages < 500 || corrupt < 500) && std::chrono::steady_clock::now() < deadline) {
        const auto message = reader.peek();
        if (message) {
            ASSERT_LE(message->size, length - ARGO_RING_OVERHEAD);
            ASSERT_EQ(reader.copy_out(buffer.data + length - message->size, length), message->size);
            reader.consume();
            ++messages;
        } else if (message.error() == Error::corrupt) {
            (void)reader.resynchronise();
            ++corrupt;
        } else {
            std::this_thread::yield();
        }
    }
    EXPECT_GE(messages, 500u) << "the two never met";
    EXPECT_GE(corrupt, 500u);
}

// Waiting: the wish, and the last look.

TEST(RingReader, may_wait_asks_for_the_next_message_and_looks_again)
{
    GuardedRing ring(64);
    for (uint32_t start = 0; start < 64; start += 16) {
        ring.ring->rx_ptr = ring.ring->tx_ptr = start;
        argo::RingReader reader(ring.ring, 64);
        EXPECT_TRUE(reader.may_wait());
        EXPECT_EQ(ring.ring->wish, ARGO_WISH_PAST);
        EXPECT_EQ(ring.ring->position, start);
        put(ring, bytes(5));
        EXPECT_FALSE(reader.may_wait()) << "there is a message";
        ASSERT_TRUE(reader.peek());
        EXPECT_FALSE(reader.may_wait()) << "and it is not consumed";
        reader.consume();
        EXPECT_TRUE(reader.may_wait());
        EXPECT_EQ(ring.ring->position, (start + 32) % 64);
    }
}

TEST(RingReader, may_wait_for_many_bytes)
{
    GuardedRing ring(96);
    ring.ring->rx_ptr = ring.ring->tx_ptr = 64;
    argo::RingReader reader(ring.ring, 96);
    EXPECT_TRUE(reader.may_wait(48));
    EXPECT_EQ(ring.ring->position, (64 + 47) % 96u);
    put(ring, bytes(16));
    EXPECT_TRUE(reader.may_wait(33)) << "32 bytes are unread";
    EXPECT_EQ(ring.ring->position, (64 + 32) % 96u);
    EXPECT_FALSE(reader.may_wait(32));
    EXPECT_FALSE(reader.may_wait(0)) << "zero is one";
    for (const uint32_t beyond : {80u, 81u, 96u, 0xffffffffu}) {
        EXPECT_TRUE(reader.may_wait(beyond));
        EXPECT_EQ(ring.ring->position, (64 + 79) % 96u) << "the last byte that a message can take";
    }
}

TEST(RingReader, wishes)
{
    GuardedRing ring(64);
    argo::RingReader reader(ring.ring, 64);
    EXPECT_EQ(ring.ring->wish, ARGO_WISH_EACH);
    reader.poll_only();
    EXPECT_EQ(ring.ring->wish, ARGO_WISH_NONE);
    reader.hear_each();
    EXPECT_EQ(ring.ring->wish, ARGO_WISH_EACH);

    argo::RingReader none;
    none.poll_only();
    none.hear_each();
    EXPECT_FALSE(none.may_wait()) << "nothing would ever come";
}

TEST(RingReader, nobody_waits_at_a_corrupt_ring)
{
    GuardedRing ring(64);
    argo::RingReader reader(ring.ring, 64);
    for (const uint32_t tx : {1u, 24u, 64u, 80u, 0xfffffff0u}) {
        ring.ring->tx_ptr = tx;
        EXPECT_FALSE(reader.may_wait()) << tx;
        EXPECT_EQ(reader.peek().error(), Error::corrupt);
    }
}

/// A sender on another thread, as the book has it: message, tx_ptr, fence, wish; events are counted.
TEST(RingReader, nobody_waits_for_a_message_that_nobody_tells_of)
{
    constexpr uint32_t length = 96, messages = 100'000;
    GuardedRing ring(length);
    std::atomic<uint32_t> events{0}, suppressed{0};
    const std::jthread sending([&](const std::stop_token& stop) {
        std::mt19937 random(11);
        uint32_t tx = 0;
        for (uint32_t i = 0; i < messages; ++i) {
            for (uint32_t spin = random() % 64; spin != 0; --spin) argo::compiler_fence();
            const auto is_full = [&] {
                const uint32_t rx = __atomic_load_n(&ring.ring->rx_ptr, __ATOMIC_ACQUIRE);
                return (rx + length - tx - 1) % length < 32;
            };
            while (is_full()) {
                if (stop.stop_requested()) return;
                std::this_thread::yield();
            }
            ring.header(tx, 16, i);
            const uint32_t next = (tx + 16) % length;
            __atomic_store_n(&ring.ring->tx_ptr, next, __ATOMIC_RELEASE);
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
            const uint32_t wish = __atomic_load_n(&ring.ring->wish, __ATOMIC_RELAXED);
            const uint32_t position = __atomic_load_n(&ring.ring->position, __ATOMIC_RELAXED);
            const bool past =
                tx < next ? tx <= position && position < next : tx <= position || position < next;
            ++(wish == ARGO_WISH_EACH || (wish == ARGO_WISH_PAST && past) ? events : suppressed);
            tx = next;
        }
    });

    argo::RingReader reader(ring.ring, length);
    uint32_t received = 0, waits = 0, heard = 0;
    while (received < messages) {
        while (const auto message = reader.peek()) {
            ASSERT_EQ(message->type, received);
            reader.consume();
            ++received;
        }
        if (received == messages || !reader.may_wait()) continue;
        ++waits;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (events == heard) { // events that came before are not lost, as with `sti; hlt`
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "after " << received << " messages";
            std::this_thread::yield();
        }
        heard = events;
    }
    EXPECT_GT(waits, 0u);
    EXPECT_LE(heard, events);
}

} // namespace
