// SPDX-License-Identifier: MIT
//
// Endpoints: what arrives is received, and whoever waits for space is woken. Book: chapters register, ring,
// notify; ARGO-NOTIFY-005.
#include "fake.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace {

using argo::Domid;
using argo::Error;
using argo::Port;

using Endpoint = argo::Endpoint<fake::Machine>;

struct Endpoints : testing::Test
{
    static constexpr uint32_t port = 80;
    static constexpr Domid peer{fake::Hypervisor::peer};

    Endpoints()
    {
        machine.offer_msr();
        hypervisor = argo::probe(machine).value();
        fake.calls.clear();
    }
    ~Endpoints() override { EXPECT_EQ(machine.lent, 0); }

    void open(uint32_t length) { ASSERT_TRUE(endpoint.open(hypervisor, Port{port}, peer, memory(), length)); }
    void* memory() { return machine.memory.page(4); }
    argo_ring& ring() { return *static_cast<argo_ring*>(memory()); }
    int64_t peer_sends(uint32_t size)
    {
        std::vector<uint8_t> payload(size);
        std::iota(payload.begin(), payload.end(), uint8_t{1});
        return fake.peer_sends(port, payload.data(), size, size);
    }
    size_t notifies() const { return fake.count(ARGO_OP_NOTIFY); }
    argo::Result<argo::Received> receive() { return endpoint.receive(buffer, sizeof buffer); }

    fake::Machine machine;
    fake::Hypervisor& fake = machine.hypervisor;
    argo::Hypervisor<fake::Machine> hypervisor;
    Endpoint endpoint;
    uint8_t buffer[4096]{};
};

// A temporary Hypervisor would be gone when the endpoint needs it: that must not compile.
template <class H>
concept CanOpen = requires(Endpoint e, H h)
{
    e.open(static_cast<H>(h), Port{}, Domid{}, nullptr, 48);
};
static_assert(CanOpen<const argo::Hypervisor<fake::Machine>&>);
static_assert(!CanOpen<argo::Hypervisor<fake::Machine>&&>);

// Opening and closing.

TEST_F(Endpoints, open_registers_a_clean_ring)
{
    std::memset(memory(), 0xff, ARGO_PAGE_SIZE);
    ASSERT_TRUE(endpoint.open(hypervisor, Port{port}, peer, memory(), 4032, 5));
    EXPECT_TRUE(endpoint.is_open());
    EXPECT_EQ(ring().rx_ptr, 0u);
    EXPECT_EQ(ring().tx_ptr, 0u);
    for (const uint32_t word : ring().reserved) EXPECT_EQ(word, 0u);
    EXPECT_EQ(fake.rings.at({port, fake::Hypervisor::peer}).flags,
              ARGO_REGISTER_FAIL_EXIST | 5u << ARGO_REGISTER_BINDING_SHIFT);
    EXPECT_EQ(receive().error(), Error::empty);
}

TEST_F(Endpoints, open_twice)
{
    open(4032);
    EXPECT_EQ(endpoint.open(hypervisor, Port{81}, peer, machine.memory.page(8), 4032).error(), Error::eexist);
    Endpoint other;
    EXPECT_EQ(other.open(hypervisor, Port{port}, peer, machine.memory.page(8), 4032).error(), Error::eexist);
    EXPECT_FALSE(other.is_open());
    EXPECT_EQ(fake.rings.size(), 1u);
}

TEST_F(Endpoints, open_that_fails_leaves_it_closed)
{
    EXPECT_EQ(endpoint.open(hypervisor, Port{port}, peer, machine.memory.page(4) + 64, 4032).error(),
              Error::einval);
    for (const uint32_t length : {0u, 32u, 50u})
        EXPECT_EQ(endpoint.open(hypervisor, Port{port}, peer, memory(), length).error(), Error::einval)
            << length;
    fake.forced[ARGO_OP_REGISTER_RING] = -ARGO_EACCES;
    EXPECT_EQ(endpoint.open(hypervisor, Port{port}, peer, memory(), 4032).error(), Error::eacces);
    EXPECT_FALSE(endpoint.is_open());
}

TEST_F(Endpoints, closed_one_says_so)
{
    EXPECT_EQ(receive().error(), Error::closed);
    EXPECT_EQ(endpoint.peek().error(), Error::closed);
    EXPECT_EQ(endpoint.send({peer, Port{1}}, nullptr, 0).error(), Error::closed);
    EXPECT_EQ(endpoint.reopen().error(), Error::closed);
    EXPECT_TRUE(endpoint.flush());
    EXPECT_TRUE(endpoint.close());
    EXPECT_TRUE(fake.calls.empty());
}

TEST_F(Endpoints, close_takes_the_ring_back)
{
    open(4032);
    peer_sends(10);
    ASSERT_TRUE(endpoint.close());
    EXPECT_TRUE(fake.rings.empty());
    EXPECT_EQ(receive().error(), Error::closed);
    open(4032);
    EXPECT_EQ(receive().error(), Error::empty);
}

TEST_F(Endpoints, destructor_closes)
{
    {
        Endpoint local;
        ASSERT_TRUE(local.open(hypervisor, Port{port}, peer, memory(), 4032));
    }
    EXPECT_TRUE(fake.rings.empty());
}

TEST_F(Endpoints, close_of_a_ring_that_is_gone)
{
    for (const int64_t gone : {-ARGO_ENOENT, -ARGO_ESTALE}) {
        open(4032);
        fake.forced[ARGO_OP_UNREGISTER_RING] = gone;
        EXPECT_TRUE(endpoint.close());
        EXPECT_FALSE(endpoint.is_open());
        fake.forced.clear();
        fake.rings.clear();
    }
}

TEST_F(Endpoints, close_that_fails_keeps_the_memory)
{
    open(4032);
    fake.forced[ARGO_OP_UNREGISTER_RING] = -ARGO_EACCES;
    EXPECT_EQ(endpoint.close().error(), Error::eacces);
    EXPECT_TRUE(endpoint.is_open());
    fake.forced.clear();
    EXPECT_TRUE(endpoint.close());
}

// Receiving.

TEST_F(Endpoints, receive_gives_message_and_source)
{
    open(4032);
    ASSERT_EQ(peer_sends(100), 100);
    const auto next = endpoint.peek();
    ASSERT_TRUE(next);
    EXPECT_EQ(next->size, 100u);
    EXPECT_EQ(ring().rx_ptr, 0u);
    const auto message = receive();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->source, (argo::Address{peer, Port{1}}));
    EXPECT_EQ(message->type, 100u);
    EXPECT_EQ(message->size, 100u);
    EXPECT_EQ(message->copied, 100u);
    for (uint32_t i = 0; i < 100; ++i) ASSERT_EQ(buffer[i], i + 1);
    EXPECT_EQ(buffer[100], 0u);
    EXPECT_EQ(receive().error(), Error::empty);
}

TEST_F(Endpoints, message_longer_than_the_buffer_is_cut_and_gone)
{
    open(4032);
    peer_sends(100);
    peer_sends(5);
    const auto cut = endpoint.receive(buffer, 10);
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->size, 100u);
    EXPECT_EQ(cut->copied, 10u);
    EXPECT_EQ(buffer[10], 0u);
    EXPECT_EQ(endpoint.receive(nullptr, 0)->size, 5u);
    EXPECT_EQ(receive().error(), Error::empty);
}

TEST_F(Endpoints, sends_from_its_own_port_to_itself_too)
{
    ASSERT_TRUE(endpoint.open(hypervisor, Port{port}, argo::any_domain, memory(), 4032));
    std::memcpy(machine.memory.page(2), "ping", 4);
    EXPECT_EQ(*endpoint.send({hypervisor.self(), Port{port}}, machine.memory.page(2), 4, 7), 4u);
    const auto message = receive();
    ASSERT_TRUE(message);
    EXPECT_EQ(message->source, (argo::Address{hypervisor.self(), Port{port}}));
    EXPECT_EQ(message->type, 7u);
    EXPECT_EQ(std::memcmp(buffer, "ping", 4), 0);
    const argo::Piece pieces[] = {{machine.memory.page(2), 1}, {machine.memory.page(3), 2}};
    EXPECT_EQ(*endpoint.sendv({peer, Port{1}}, pieces), 3u);
}

// Notifying.

TEST_F(Endpoints, empty_ring_owes_nothing)
{
    open(4032);
    EXPECT_EQ(receive().error(), Error::empty);
    EXPECT_EQ(receive().error(), Error::empty);
    EXPECT_TRUE(endpoint.flush());
    EXPECT_EQ(notifies(), 0u);
}

TEST_F(Endpoints, one_notify_pays_for_a_whole_batch)
{
    open(4032);
    for (int i = 0; i < 20; ++i) ASSERT_EQ(peer_sends(50), 50);
    int received = 0;
    while (receive()) ++received;
    EXPECT_EQ(received, 20);
    EXPECT_EQ(notifies(), 1u);
    EXPECT_EQ(receive().error(), Error::empty);
    EXPECT_EQ(notifies(), 1u) << "paid once";
}

TEST_F(Endpoints, notify_comes_after_the_space)
{
    open(4032);
    peer_sends(50);
    uint32_t rx_at_notify = 0;
    fake.before = [&](const fake::Call& call) {
        if (call.word == ARGO_OPERATION_WORD(ARGO_OP_NOTIFY)) rx_at_notify = ring().rx_ptr;
    };
    while (receive()) {
    }
    EXPECT_EQ(rx_at_notify, 80u);
}

TEST_F(Endpoints, waiting_sender_is_woken_by_a_drain)
{
    open(64);
    ASSERT_EQ(peer_sends(32), 32);
    ASSERT_EQ(peer_sends(32), -ARGO_EAGAIN);
    while (receive()) {
    }
    EXPECT_EQ(fake.wakeups, 1u);
    EXPECT_EQ(peer_sends(32), 32);
}

TEST_F(Endpoints, sender_that_waits_although_the_ring_was_never_full)
{
    open(4032);
    ASSERT_EQ(peer_sends(1), 1);
    ASSERT_EQ(peer_sends(4000), -ARGO_EAGAIN) << "it needs the whole ring";
    while (receive()) {
    }
    EXPECT_EQ(fake.wakeups, 1u);
}

TEST_F(Endpoints, busy_ring_lets_senders_go_on_at_half)
{
    open(4032);
    while (peer_sends(80) > 0) {
    } // 96 bytes each: 41 of them
    ASSERT_EQ(peer_sends(80), -ARGO_EAGAIN);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(receive());
    EXPECT_EQ(notifies(), 0u);
    ASSERT_TRUE(receive()); // 21 * 96 = 2016 = 4032 / 2
    EXPECT_EQ(notifies(), 1u);
    EXPECT_EQ(fake.wakeups, 1u);
    EXPECT_EQ(peer_sends(80), 80);
}

TEST_F(Endpoints, flush_pays_for_who_leaves_early)
{
    open(64);
    ASSERT_EQ(peer_sends(0), 0);
    ASSERT_EQ(peer_sends(0), 0);
    ASSERT_EQ(peer_sends(32), -ARGO_EAGAIN);
    ASSERT_TRUE(receive());
    EXPECT_TRUE(endpoint.flush());
    EXPECT_EQ(notifies(), 1u);
    EXPECT_TRUE(endpoint.flush());
    EXPECT_EQ(notifies(), 1u);
}

TEST_F(Endpoints, notify_that_fails_is_reported_and_tried_again)
{
    open(4032);
    peer_sends(50);
    fake.forced[ARGO_OP_NOTIFY] = -ARGO_ESTALE;
    ASSERT_TRUE(receive()) << "the message is not lost";
    EXPECT_EQ(receive().error(), Error::estale);
    EXPECT_EQ(endpoint.flush().error(), Error::estale);
    fake.forced.clear();
    EXPECT_EQ(receive().error(), Error::empty);
    EXPECT_EQ(notifies(), 3u);
    EXPECT_EQ(receive().error(), Error::empty);
    EXPECT_EQ(notifies(), 3u);
}

/// Nobody hangs: senders of random sizes, which wait when they must, against receivers of random patience.
/// The receiver rests only after an empty ring or a flush; then each waiting sender must have been woken, or
/// else never will be.
TEST_F(Endpoints, no_wake_up_is_lost_and_no_byte)
{
    auto random = [engine = std::mt19937(11)]() mutable { return static_cast<uint32_t>(engine()); };
    size_t notifies_made = 0, messages_received = 0, waits = 0;
    for (int round = 0; round < 60; ++round) {
        const uint32_t length = random() % 3 == 0 ? 48 : (3 + random() % 250) * 16;
        open(length);
        std::deque<std::vector<uint8_t>> in_flight;
        std::optional<std::vector<uint8_t>> waiting;
        for (int step = 0; step < 300; ++step) {
            const size_t burst = random() % 8;
            for (size_t i = 0; i < burst; ++i) {
                std::vector<uint8_t> payload(random() % (length - ARGO_RING_OVERHEAD + 1));
                for (auto& byte : payload) byte = static_cast<uint8_t>(random());
                if (waiting) payload = *waiting;
                const auto size = static_cast<uint32_t>(payload.size());
                const size_t wakeups = fake.wakeups;
                const int64_t sent = fake.peer_sends(port, payload.data(), size, size);
                ASSERT_EQ(fake.wakeups, wakeups);
                if (sent == -ARGO_EAGAIN) {
                    ++waits;
                    waiting = std::move(payload);
                    break; // it sleeps until it is woken
                }
                ASSERT_EQ(sent, int64_t{size});
                waiting.reset();
                in_flight.push_back(std::move(payload));
            }
            size_t patience = random() % 4 == 0 ? random() % 3 : 1000;
            argo::Error end = Error::none;
            while (patience-- != 0) {
                const auto message = receive();
                if (!message) {
                    end = message.error();
                    break;
                }
                ++messages_received;
                ASSERT_FALSE(in_flight.empty());
                ASSERT_EQ(message->copied, in_flight.front().size());
                ASSERT_TRUE(std::equal(in_flight.front().begin(), in_flight.front().end(), buffer));
                in_flight.pop_front();
            }
            const auto& waiter = fake.rings.at({port, fake::Hypervisor::peer}).waiter;
            if (end == Error::empty) {
                ASSERT_TRUE(in_flight.empty());
                ASSERT_FALSE(waiter) << "empty ring, sender asleep, nobody will come: a hang";
            } else {
                ASSERT_EQ(end, Error::none);
                ASSERT_TRUE(endpoint.flush());
            }
        }
        notifies_made += notifies();
        fake.calls.clear();
        ASSERT_TRUE(endpoint.close());
    }
    EXPECT_GT(waits, 1000u);
    EXPECT_GT(messages_received, 10'000u);
    EXPECT_LT(notifies_made, messages_received) << "batched";
}

// Corruption, and starting over.

TEST_F(Endpoints, torn_message_costs_what_is_in_the_ring_and_is_said_once)
{
    open(64);
    ASSERT_EQ(peer_sends(16), 16);
    ASSERT_EQ(peer_sends(32), -ARGO_EAGAIN);
    machine.memory.page(4)[sizeof(argo_ring)] = 3; // the length of the first
    EXPECT_EQ(receive().error(), Error::corrupt);
    EXPECT_EQ(fake.wakeups, 1u) << "the space is announced, whatever was in it";
    EXPECT_EQ(receive().error(), Error::empty);
    ASSERT_EQ(peer_sends(32), 32);
    EXPECT_EQ(receive()->copied, 32u);
}

TEST_F(Endpoints, impossible_tx_ptr_is_mended_by_registering_again)
{
    open(64);
    ASSERT_EQ(peer_sends(16), 16);
    EXPECT_EQ(receive()->size, 16u);
    ASSERT_EQ(peer_sends(16), 16);
    ASSERT_EQ(peer_sends(32), -ARGO_EAGAIN);
    ring().tx_ptr = 7;
    ring().rx_ptr = 0xffffffff; // would begin at 0, not where the reader stands
    EXPECT_EQ(receive().error(), Error::corrupt);
    EXPECT_EQ(fake.count(ARGO_OP_REGISTER_RING), 2u);
    EXPECT_EQ(fake.rings.size(), 1u);
    EXPECT_EQ(fake.wakeups, 1u);
    EXPECT_EQ(receive().error(), Error::empty);
    ASSERT_EQ(peer_sends(20), 20);
    EXPECT_EQ(receive()->copied, 20u);
}

TEST_F(Endpoints, mending_that_fails_says_why)
{
    open(64);
    ring().tx_ptr = 7;
    fake.forced[ARGO_OP_REGISTER_RING] = -ARGO_ENOMEM;
    EXPECT_EQ(receive().error(), Error::enomem);
    EXPECT_EQ(receive().error(), Error::enomem);
    fake.forced.clear();
    EXPECT_EQ(receive().error(), Error::corrupt);
    EXPECT_EQ(receive().error(), Error::empty);
}

TEST_F(Endpoints, reopen_keeps_unread_messages)
{
    open(4032);
    peer_sends(1);
    peer_sends(2);
    ASSERT_TRUE(receive());
    ASSERT_TRUE(hypervisor.reset()); // as after a resume: the hypervisor has forgotten
    EXPECT_EQ(peer_sends(3), -ARGO_ECONNREFUSED);
    ASSERT_TRUE(endpoint.reopen());
    EXPECT_EQ(fake.rings.at({port, fake::Hypervisor::peer}).flags, 0u) << "it may be there";
    ASSERT_EQ(peer_sends(3), 3);
    EXPECT_EQ(receive()->size, 2u);
    EXPECT_EQ(receive()->size, 3u);
    EXPECT_EQ(receive().error(), Error::empty);
}

TEST_F(Endpoints, reopen_pays_the_debt)
{
    open(160);
    ASSERT_EQ(peer_sends(16), 16);
    ASSERT_EQ(peer_sends(128), -ARGO_EAGAIN);
    ASSERT_TRUE(receive());
    ASSERT_EQ(notifies(), 0u);
    ASSERT_TRUE(endpoint.reopen());
    EXPECT_EQ(fake.wakeups, 1u) << "registration wakes";
    EXPECT_EQ(receive().error(), Error::empty);
    EXPECT_EQ(notifies(), 0u);
}

// Batches.

struct Batches : Endpoints
{
    void offer(uint32_t max_batch)
    {
        fake.info.features |= ARGO_FEATURE_BATCH;
        fake.info.max_batch = max_batch;
        hypervisor = argo::probe(machine).value();
        fake.calls.clear();
        open(4032);
    }
    /// `count` messages to the peer, of 0, 1, 2 ... bytes, each in one piece.
    std::vector<argo::Outgoing>& messages(uint32_t count)
    {
        text = machine.memory.page(8);
        std::iota(text, text + ARGO_PAGE_SIZE, uint8_t{0});
        pieces.resize(count);
        list.resize(count);
        for (uint32_t i = 0; i < count; ++i) {
            pieces[i] = {text + i, i};
            list[i] = {{peer, Port{7}}, {&pieces[i], 1}, i, Error::empty};
        }
        return list;
    }
    size_t batches() const { return fake.count(ARGO_OP_SEND_BATCH); }

    uint8_t* text = nullptr;
    std::vector<argo::Piece> pieces;
    std::vector<argo::Outgoing> list;
};

TEST_F(Batches, are_one_call_with_a_result_for_each)
{
    offer(64);
    auto& sent = messages(32);
    EXPECT_EQ(endpoint.send_batch(sent), 32u);
    EXPECT_EQ(batches(), 1u);
    EXPECT_EQ(fake.count(ARGO_OP_SENDV), 0u);
    ASSERT_EQ(fake.batches.size(), 32u);
    for (uint32_t i = 0; i < 32; ++i) {
        const auto& [entry, payload] = fake.batches[i];
        EXPECT_EQ(sent[i].sent.value(), i);
        EXPECT_EQ(entry.type, i);
        EXPECT_EQ(entry.addresses.src.port, port);
        EXPECT_EQ(entry.addresses.dst.port, 7u);
        EXPECT_EQ(entry.reserved, 0u);
        EXPECT_EQ(payload, std::vector<uint8_t>(text + i, text + 2 * i));
    }
}

TEST_F(Batches, are_as_large_as_max_batch_and_the_page_allow)
{
    offer(10);
    EXPECT_EQ(endpoint.send_batch(messages(25)), 25u);
    EXPECT_EQ(batches(), 3u);
    ASSERT_TRUE(endpoint.close());
    offer(1000);
    EXPECT_EQ(endpoint.send_batch(messages(200)), 200u);
    EXPECT_EQ(batches(), 4u) << "63 a page";
    ASSERT_EQ(fake.batches.size(), 225u);
    EXPECT_EQ(fake.batches.back().second.size(), 199u);
}

TEST_F(Batches, go_on_where_the_hypervisor_stopped)
{
    offer(64);
    fake.patience = 3;
    auto& sent = messages(10);
    EXPECT_EQ(endpoint.send_batch(sent), 10u);
    EXPECT_EQ(batches(), 4u);
    for (uint32_t i = 0; i < 10; ++i) EXPECT_EQ(sent[i].sent.value(), i);
}

TEST_F(Batches, a_refused_message_does_not_keep_the_others)
{
    offer(64);
    auto& sent = messages(4);
    sent[1].destination.domain = argo::any_domain;
    sent[2].destination = {Domid{fake::Hypervisor::self}, Port{99}};
    EXPECT_EQ(endpoint.send_batch(sent), 2u);
    EXPECT_EQ(sent[1].sent.error(), Error::econnrefused);
    EXPECT_EQ(sent[2].sent.error(), Error::econnrefused);
    EXPECT_EQ(sent[3].sent.value(), 3u);
}

TEST_F(Batches, what_a_page_does_not_hold_goes_by_itself)
{
    // In order all the same: the second has too many pieces for a page with so many entries, the third is too
    // long for anything.
    offer(64);
    auto& sent = messages(70);
    std::vector<argo::Piece> many;
    for (uint32_t i = 0; i < 64; ++i) many.push_back({text + 2 * i, 1});
    sent[1].pieces = many;
    const argo::Piece vast[] = {{text, fake.info.max_message + size_t{1}}};
    sent[2].pieces = vast;
    EXPECT_EQ(endpoint.send_batch(sent), 69u);
    EXPECT_EQ(sent[1].sent.value(), 64u);
    EXPECT_EQ(sent[2].sent.error(), Error::emsgsize);
    EXPECT_EQ(sent[69].sent.value(), 69u);
    EXPECT_EQ(batches(), 3u);
    EXPECT_EQ(fake.count(ARGO_OP_SENDV), 1u);
}

TEST_F(Batches, without_the_feature_are_a_call_each)
{
    open(4032);
    EXPECT_EQ(endpoint.send_batch(messages(5)), 5u);
    EXPECT_EQ(batches(), 0u);
    EXPECT_EQ(fake.count(ARGO_OP_SENDV), 5u);
}

TEST_F(Batches, a_call_that_fails_is_told_to_all_that_are_left)
{
    offer(4);
    fake.before = [&](const auto&) {
        if (batches() == 2) fake.forced[ARGO_OP_SEND_BATCH] = -ARGO_ESTALE;
    };
    auto& sent = messages(10);
    EXPECT_EQ(endpoint.send_batch(sent), 4u);
    EXPECT_EQ(batches(), 2u);
    for (uint32_t i = 4; i < 10; ++i) EXPECT_EQ(sent[i].sent.error(), Error::estale);
    fake.before = nullptr;
    for (const int64_t wrong : {0, 5, 1 << 20}) {
        fake.forced[ARGO_OP_SEND_BATCH] = wrong;
        EXPECT_EQ(endpoint.send_batch(messages(4)), 0u);
        EXPECT_EQ(list[0].sent.error(), Error::bad_answer) << wrong;
    }
    fake.forced[ARGO_OP_SEND_BATCH] = 4; // and it wrote no result
    EXPECT_EQ(endpoint.send_batch(messages(4)), 0u);
    EXPECT_EQ(list[3].sent.error(), Error::no_answer);
}

TEST_F(Batches, of_none_make_no_call_and_closed_ones_neither)
{
    EXPECT_EQ(endpoint.send_batch(messages(2)), 0u);
    EXPECT_EQ(list[1].sent.error(), Error::closed);
    offer(64);
    fake.calls.clear();
    EXPECT_EQ(endpoint.send_batch({}), 0u);
    EXPECT_TRUE(fake.calls.empty());
}

// Waiting.

TEST_F(Endpoints, suppress_is_asked_for_where_it_is_offered)
{
    open(4032);
    EXPECT_EQ(fake.rings.at({port, fake::Hypervisor::peer}).flags & ARGO_REGISTER_SUPPRESS, 0u);
    ASSERT_TRUE(endpoint.close());

    fake.info.features |= ARGO_FEATURE_SUPPRESS;
    hypervisor = argo::probe(machine).value();
    ASSERT_TRUE(endpoint.open(hypervisor, Port{port}, peer, memory(), 4032, 5));
    constexpr uint64_t flags = ARGO_REGISTER_SUPPRESS | 5u << ARGO_REGISTER_BINDING_SHIFT;
    EXPECT_EQ(fake.rings.at({port, fake::Hypervisor::peer}).flags, flags | ARGO_REGISTER_FAIL_EXIST);
    ASSERT_TRUE(endpoint.reopen());
    EXPECT_EQ(fake.rings.at({port, fake::Hypervisor::peer}).flags, flags);

    // After a restore on a hypervisor without it.
    fake.info.features &= ~ARGO_FEATURE_SUPPRESS;
    hypervisor = argo::probe(machine).value();
    ASSERT_TRUE(endpoint.reopen());
    EXPECT_EQ(fake.rings.at({port, fake::Hypervisor::peer}).flags, flags & ~ARGO_REGISTER_SUPPRESS);
}

TEST_F(Endpoints, nobody_waits_with_a_message_in_the_ring)
{
    EXPECT_FALSE(endpoint.may_wait()) << "closed";
    open(4032);
    EXPECT_TRUE(endpoint.may_wait());
    EXPECT_EQ(ring().wish, ARGO_WISH_PAST);
    ASSERT_EQ(peer_sends(5), 5);
    EXPECT_FALSE(endpoint.may_wait());
    EXPECT_TRUE(receive());
    endpoint.poll_only();
    EXPECT_EQ(ring().wish, ARGO_WISH_NONE);
    EXPECT_EQ(receive().error(), Error::empty);
    EXPECT_TRUE(endpoint.may_wait());
}

TEST_F(Endpoints, nobody_waits_with_a_debt)
{
    open(4032);
    ASSERT_EQ(peer_sends(5), 5);
    EXPECT_TRUE(receive());
    fake.forced[ARGO_OP_NOTIFY] = -ARGO_ESTALE;
    EXPECT_FALSE(endpoint.may_wait());
    EXPECT_EQ(receive().error(), Error::estale) << "which says why";
    fake.forced.clear();
    EXPECT_TRUE(endpoint.may_wait()) << "it pays by itself";
}

} // namespace
