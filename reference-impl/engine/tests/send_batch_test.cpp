// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_SEND_BATCH. Book: spec/send_batch.rst. What becomes of one message is the matter of sendv_test.cpp.
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80;
constexpr int64_t untouched = 0x5a5a5a5a5a5a5a5a;

/// Messages from domain 2 to rings of domain 1.
struct Batch
{
    explicit Batch(const Limits& limits = {}, uint64_t features = all_features) : world(limits, features) {}

    World world;
    Guest& owner = world.start(1);
    Guest& guest = world.start(2);
    std::vector<argo_batch_entry> entries;

    argo_batch_entry& add(uint32_t to, uint32_t size = 0, uint32_t type = 0)
    {
        argo_batch_entry entry{{{4711, 2, 0}, {to, 1, 0}}, 0, 0, type, untouched, 0};
        if (size != 0) {
            entry.iovs = guest.place(argo_iov{guest.place(pattern(size, type)), size, 0});
            entry.count = 1;
        }
        return entries.emplace_back(entry);
    }

    int64_t send()
    {
        const size_t bytes = entries.size() * sizeof entries[0];
        const uint64_t where = guest.allocate(bytes, page_size, page_size - 20);
        guest.write(where, entries.data(), bytes);
        const int64_t result = world.call(guest, ARGO_OP_SEND_BATCH, where, entries.size());
        guest.read(where, entries.data(), bytes);
        return result;
    }
};

TEST(SendBatch, a_burst_is_one_event_at_each_binding)
{
    Batch batch;
    auto one = open(batch.world, batch.owner, port, wildcard, 2048);
    auto two = open(batch.world, batch.owner, port + 1, wildcard, 2048);
    for (const uint32_t binding : {0u, 1u}) {
        ASSERT_EQ(
            batch.world.call(batch.owner, ARGO_OP_VECTOR, binding, ARGO_BINDING_LAPIC, 0, 0x40 + binding), 0);
    }
    ASSERT_EQ(two.register_ring(uint64_t{1} << ARGO_REGISTER_BINDING_SHIFT), 0);
    for (uint32_t i = 0; i < 32; ++i) batch.add(port + i % 2, 10 + i, i);
    ASSERT_EQ(batch.send(), 32);
    for (uint32_t i = 0; i < 32; ++i) {
        EXPECT_EQ(batch.entries[i].result, 10 + i);
        const auto message = (i % 2 == 0 ? one : two).receive();
        ASSERT_TRUE(message);
        EXPECT_EQ(message->type, i);
        EXPECT_EQ(message->payload, pattern(10 + i, i));
    }
    EXPECT_EQ(batch.owner.events(0x40), 1u);
    EXPECT_EQ(batch.owner.events(0x41), 1u);
    const Counters counters = batch.world.engine.counters();
    EXPECT_EQ(counters.calls[ARGO_OP_SEND_BATCH], 1u);
    EXPECT_EQ(counters.calls[ARGO_OP_SENDV], 0u);
    EXPECT_EQ(counters.messages, 32u);
    EXPECT_EQ(counters.events, 2u);
    EXPECT_EQ(counters.copied_bytes, counters.payload_bytes);
}

TEST(SendBatch, stops_behind_what_one_message_may_have)
{
    Limits limits;
    limits.max_message = 1000;
    Batch batch(limits);
    auto ring = open(batch.world, batch.owner, port, wildcard, 8000);
    for (uint32_t i = 0; i < 6; ++i) batch.add(port, 400, i);
    EXPECT_EQ(batch.send(), 3) << "1000 bytes are not exceeded by two of them";
    for (uint32_t i = 0; i < 6; ++i) {
        EXPECT_EQ(batch.entries[i].result, i < 3 ? 400 : untouched);
        EXPECT_EQ(ring.receive().has_value(), i < 3);
    }
}

TEST(SendBatch, what_is_refused_counts_as_work)
{
    Limits limits;
    limits.max_message = 1000;
    Batch batch(limits);
    for (uint32_t i = 0; i < 6; ++i) batch.add(port, 600, i); // nobody listens
    EXPECT_EQ(batch.send(), 2);
    EXPECT_EQ(batch.entries[1].result, error(ARGO_ECONNREFUSED));
    EXPECT_EQ(batch.entries[2].result, untouched);
}

TEST(SendBatch, stops_when_rings_change)
{
    // The policy is asked about the second message, and meanwhile its ring is taken back.
    Batch batch;
    auto one = open(batch.world, batch.owner, port, wildcard, 2048);
    auto two = open(batch.world, batch.owner, port + 1, wildcard, 2048);
    bool taken = false;
    batch.world.host.policy = [&](const PolicyQuestion& question) {
        if (question.hook == Hook::send && question.other_port == port + 1 && !taken) {
            taken = true;
            std::thread([&] {
                EXPECT_EQ(open(batch.world, batch.owner, port + 2, wildcard, 48).empty(), true);
            }).join();
        }
        return true;
    };
    for (uint32_t i = 0; i < 4; ++i) batch.add(port + i % 2, 10, i);
    EXPECT_EQ(batch.send(), 2);
    EXPECT_EQ(batch.entries[1].result, 10);
    EXPECT_EQ(batch.entries[2].result, untouched);
}

TEST(SendBatch, goes_on_where_memory_went_away)
{
    // The host takes the entries' second page away once the first message is looked at.
    Batch batch;
    auto ring = open(batch.world, batch.owner, port, wildcard, 2048);
    for (uint32_t i = 0; i < 3; ++i) batch.add(port, 0, i);
    const uint64_t where =
        batch.guest.allocate(3 * sizeof(argo_batch_entry), page_size, page_size - sizeof(argo_batch_entry));
    batch.guest.write(where, batch.entries.data(), 3 * sizeof(argo_batch_entry));
    batch.world.host.policy = [&](const PolicyQuestion& question) {
        if (question.hook == Hook::send) batch.guest.take_away(where / page_size + 1);
        return true;
    };
    EXPECT_EQ(batch.world.call(batch.guest, ARGO_OP_SEND_BATCH, where, 3), 3);
    EXPECT_EQ(batch.guest.load<argo_batch_entry>(where).result, 0);
    EXPECT_TRUE(ring.receive());
    EXPECT_FALSE(ring.receive());
}

TEST(SendBatch, is_not_there_without_its_feature_or_with_too_few_entries)
{
    Limits limits;
    limits.max_batch = ARGO_MIN_MAX_BATCH - 1;
    for (const bool feature : {false, true}) {
        World world(feature ? limits : Limits{}, feature ? all_features : all_features & ~ARGO_FEATURE_BATCH);
        Guest& guest = world.start(1);
        EXPECT_EQ(world.engine.features() & ARGO_FEATURE_BATCH, 0u);
        EXPECT_EQ(world.engine.limits().max_batch, 0u);
        EXPECT_EQ(world.call(guest, ARGO_OP_SEND_BATCH, 0, 0), error(ARGO_EOPNOTSUPP));
    }
}

TEST(SendBatch, offers_no_more_than_it_can)
{
    Limits limits;
    limits.max_batch = 1'000'000;
    Batch batch(limits);
    const uint32_t most = batch.world.engine.limits().max_batch;
    EXPECT_EQ(most, 64u);
    // The most events that there can be: a domain for each message.
    std::vector<RingClient> rings;
    for (uint16_t i = 0; i < most; ++i) {
        Guest& owner = batch.world.start(static_cast<uint16_t>(100 + i), 16);
        ASSERT_EQ(batch.world.call(owner, ARGO_OP_VECTOR, 0, ARGO_BINDING_LAPIC, 0, 0x40), 0);
        rings.push_back(open(batch.world, owner, port, wildcard, 48));
        batch.add(port).addresses.dst.domid = owner.domid();
    }
    EXPECT_EQ(batch.send(), most);
    EXPECT_EQ(batch.world.engine.counters().events, most);
    batch.add(port);
    EXPECT_EQ(batch.send(), error(ARGO_EINVAL));
}

} // namespace
} // namespace argo::engine::test
