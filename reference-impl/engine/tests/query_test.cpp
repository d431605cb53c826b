// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_QUERY. Book: spec/query.rst.
#include "faults.hpp"

namespace argo::engine::test {
namespace {

struct Query
{
    World world;
    Guest& guest = world.start(0x1234);
    uint64_t address = guest.allocate(256);
    uint64_t size = sizeof(argo_info);

    int64_t run(uint64_t nonce = 42) { return world.call(guest, ARGO_OP_QUERY, address, size, nonce); }
    bool unchanged() { return true; }
};

const Fault<Query> query_faults[] = {
    {"ARGO-QUERY-101", ARGO_EINVAL, [](Query& s) { s.size = ARGO_INFO_MIN_SIZE - 1; }},
    {"ARGO-QUERY-102", ARGO_EFAULT, [](Query& s) { s.address = s.guest.memory_end(); }},
};

TEST(Query, ErrorsStandInTheRegistrysOrder) { check_faults(query_faults); }

TEST(Query, TellsWhatTheDomainIsAndMayUse)
{
    Query s;
    EXPECT_EQ(s.run(0xfeedface), 96);
    const auto info = s.guest.load<argo_info>(s.address);
    const Limits limits;
    EXPECT_EQ(info.nonce, 0xfeedfaceu);
    EXPECT_EQ(info.major, 1);
    EXPECT_EQ(info.minor, 0);
    EXPECT_EQ(info.domid, 0x1234);
    EXPECT_EQ(info.reserved, 0);
    EXPECT_EQ(info.implementation, ARGO_IMPLEMENTATION_MODEL);
    EXPECT_EQ(info.implementation_version, 7u);
    EXPECT_EQ(info.features, all_features);
    EXPECT_EQ(info.max_rings, limits.max_rings);
    EXPECT_EQ(info.max_ring_length, limits.max_ring_length);
    EXPECT_EQ(info.max_message, limits.max_message);
    EXPECT_EQ(info.max_iov, limits.max_iov);
    EXPECT_EQ(info.max_notify, limits.max_notify);
    EXPECT_EQ(info.max_ring_waiters, limits.max_ring_waiters);
    EXPECT_EQ(info.max_waiters, limits.max_waiters);
    EXPECT_EQ(info.max_pages, limits.max_pages);
    EXPECT_EQ(info.max_bindings, limits.max_bindings);
    EXPECT_EQ(info.max_doorbells, 0u);
    EXPECT_EQ(info.max_batch, limits.max_batch);
    for (uint32_t reserved : info.reserved2) EXPECT_EQ(reserved, 0u);
}

TEST(Query, TheDefaultsReachEveryMinimum)
{
    const Limits limits;
    EXPECT_GE(limits.max_rings, ARGO_MIN_MAX_RINGS);
    EXPECT_GE(limits.max_ring_length, ARGO_MIN_MAX_RING_LENGTH);
    EXPECT_GE(limits.max_message, ARGO_MIN_MAX_MESSAGE);
    EXPECT_GE(limits.max_iov, ARGO_MIN_MAX_IOV);
    EXPECT_GE(limits.max_notify, ARGO_MIN_MAX_NOTIFY);
    EXPECT_GE(limits.max_ring_waiters, ARGO_MIN_MAX_RING_WAITERS);
    EXPECT_GE(limits.max_waiters, ARGO_MIN_MAX_WAITERS);
    EXPECT_GE(limits.max_pages, ARGO_MIN_MAX_PAGES);
}

TEST(Query, WritesTheSmallerOfBothSizesAndNoMore)
{
    for (uint64_t size : {16u, 17u, 23u, 95u, 96u, 97u, 200u}) {
        Query s;
        const Bytes before(256, 0xee);
        s.guest.write(s.address, before.data(), before.size());
        s.size = size;
        EXPECT_EQ(s.run(), 96) << size;
        const uint64_t end = std::min<uint64_t>(size, 96);
        for (uint64_t i = end; i < 256; ++i) ASSERT_EQ(s.guest.load<uint8_t>(s.address + i), 0xee) << size;
        EXPECT_EQ(s.guest.load<uint64_t>(s.address), 42u);
        if (size >= 96) {
            EXPECT_EQ(s.guest.load<uint32_t>(s.address + 92), 0u);
        }
    }
}

TEST(Query, ASizeBeyondMemoryIsFineWhenTheAnswerFits)
{
    Query s;
    s.address = s.guest.memory_end() - 96;
    s.size = UINT64_MAX;
    EXPECT_EQ(s.run(), 96);
}

TEST(Query, AnswersAtEveryAlignmentAndAcrossPages)
{
    for (uint64_t distance = 0; distance <= 96; ++distance) {
        Query s;
        s.address = 5 * page_size - distance;
        EXPECT_EQ(s.run(), 96);
        EXPECT_EQ(s.guest.load<argo_info>(s.address).domid, 0x1234) << distance;
    }
}

TEST(Query, WritesNothingWhenPartOfTheRangeIsNoMemory)
{
    Query s;
    s.address = 5 * page_size - 48;
    s.guest.make_read_only(5);
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
    EXPECT_EQ(s.guest.load<uint64_t>(s.address), 0u);
    s.guest.take_away(5);
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
    s.address = s.guest.memory_end() - 95;
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
    s.address = UINT64_MAX - 15; // would wrap
    EXPECT_EQ(s.run(), error(ARGO_EFAULT));
}

TEST(Query, LimitsOfAClearFeatureAreZero)
{
    World world({}, 0);
    Guest& guest = world.start(1);
    const uint64_t address = guest.allocate(96);
    EXPECT_EQ(world.call(guest, ARGO_OP_QUERY, address, 96), 96);
    EXPECT_EQ(guest.load<argo_info>(address).features, 0u);
    EXPECT_EQ(guest.load<argo_info>(address).max_bindings, 0u);
}

TEST(Query, FeaturesThatTheEngineLacksAreNotOffered)
{
    World world({}, UINT64_MAX);
    EXPECT_EQ(world.engine.features(), all_features);
}

TEST(Query, WithoutBindingsThereIsNoFeatureVector)
{
    Limits limits;
    limits.max_bindings = 0;
    World world(limits);
    EXPECT_EQ(world.engine.features(), all_features & ~ARGO_FEATURE_VECTOR);
}

TEST(Query, LimitsBeyondTheEngineAreLowered)
{
    Limits limits;
    limits.max_iov = 65;
    limits.max_ring_length = 1000; // no multiple of a slot
    limits.max_message = 1000;
    limits.max_bindings = UINT32_MAX;
    World world(limits);
    EXPECT_EQ(world.engine.limits().max_iov, 64u);
    EXPECT_EQ(world.engine.limits().max_ring_length, 992u);
    EXPECT_EQ(world.engine.limits().max_message, 960u);
    EXPECT_EQ(world.engine.limits().max_bindings, 65536u);
}

} // namespace
} // namespace argo::engine::test
