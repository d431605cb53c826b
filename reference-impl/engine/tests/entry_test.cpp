// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Entry: frames, operation words, the errors of every call. Book: spec/call.rst.
#include "faults.hpp"
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

struct Frame
{
    World world;
    Guest& guest = world.start(1);
    argo_frame frame = {ARGO_OPERATION_WORD(ARGO_OP_NOTIFY), 0, {0, 0, 0, 0}, 0x5555, {0x1111, 0x2222}};
    Privilege privilege = Privilege::kernel;
    uint64_t address = guest.allocate(sizeof frame, 64);

    int64_t run()
    {
        guest.store(address, frame);
        EXPECT_TRUE(world.call_frame(guest, address, privilege));
        return guest.load<argo_frame>(address).result;
    }

    /// All of the frame but the result.
    bool unchanged()
    {
        auto after = guest.load<argo_frame>(address);
        after.result = frame.result;
        return std::memcmp(&after, &frame, sizeof frame) == 0;
    }
};

const Fault<Frame> entry_faults[] = {
    {"ARGO-CALL-101", ARGO_EPERM, [](Frame& s) { s.privilege = Privilege::user; }},
    {"ARGO-CALL-102", ARGO_EINVAL, [](Frame& s) { s.frame.flags = 1; }},
    {"ARGO-CALL-103", ARGO_EOPNOTSUPP, [](Frame& s) { s.frame.op ^= 3u << 16; }},
    {"ARGO-CALL-104", ARGO_EACCES,
     [](Frame& s) { s.world.host.policy = [](const PolicyQuestion& q) { return q.hook != Hook::enable; }; }},
    {"ARGO-CALL-105", ARGO_EOPNOTSUPP, [](Frame& s) { s.frame.op = (s.frame.op & ~0xffffu) | 0x20; }},
    {"ARGO-CALL-106", ARGO_ESTALE, [](Frame& s) { s.world.engine.restore(s.guest.domain()); }},
    {"ARGO-CALL-107", ARGO_EINVAL, [](Frame& s) { s.frame.arg[3] = 1; }},
};

TEST(Entry, ErrorsStandInTheRegistrysOrder) { check_faults(entry_faults); }

TEST(Entry, EachReservedBitOfTheWordIsRefused)
{
    Frame s;
    for (uint32_t bit = 24; bit < 32; ++bit) {
        s.frame.op = ARGO_OPERATION_WORD(ARGO_OP_NOTIFY) | 1u << bit;
        EXPECT_EQ(s.run(), error(ARGO_EINVAL)) << bit;
    }
}

TEST(Entry, EachFlagOfTheFrameIsRefused)
{
    Frame s;
    for (uint32_t bit = 0; bit < 32; ++bit) {
        s.frame.flags = 1u << bit;
        EXPECT_EQ(s.run(), error(ARGO_EINVAL)) << bit;
    }
}

TEST(Entry, OnlyTheMajorOneIsOffered)
{
    World world;
    Guest& guest = world.start(1);
    for (uint32_t major = 0; major < 256; ++major) {
        const int64_t result = world.call_word(guest, ARGO_OP_NOTIFY | major << 16, {0, 0, 0, 0});
        EXPECT_EQ(result, major == 1 ? 0 : error(ARGO_EOPNOTSUPP)) << major;
    }
}

TEST(Entry, NumbersWithoutOperationAreNotOffered)
{
    World world;
    Guest& guest = world.start(1);
    for (uint32_t number = 0; number < 0x10000; ++number) {
        if (number <= ARGO_OP_NOTIFY || number == ARGO_OP_SEND_BATCH || number == ARGO_OP_VECTOR ||
            number == ARGO_OP_RESET)
            continue;
        ASSERT_EQ(world.call(guest, number), error(ARGO_EOPNOTSUPP)) << number;
    }
}

TEST(Entry, OperationsOfAClearFeatureAreNotOffered)
{
    World world({}, ARGO_FEATURE_WILDCARD);
    Guest& guest = world.start(1);
    EXPECT_EQ(world.call(guest, ARGO_OP_VECTOR, 0, ARGO_BINDING_NONE), error(ARGO_EOPNOTSUPP));
}

TEST(Entry, UnusedArgumentsAreZero)
{
    World world;
    Guest& guest = world.start(1);
    const auto with = [&](uint32_t op, unsigned index) {
        uint64_t arguments[4] = {};
        arguments[index] = uint64_t{1} << 63;
        return world.call_word(guest, ARGO_OPERATION_WORD(op), arguments);
    };
    EXPECT_EQ(with(ARGO_OP_QUERY, 3), error(ARGO_EINVAL));
    for (unsigned index = 1; index < 4; ++index) {
        EXPECT_EQ(with(ARGO_OP_UNREGISTER_RING, index), error(ARGO_EINVAL)) << index;
        EXPECT_EQ(with(ARGO_OP_NOTIFY, index), error(ARGO_EINVAL)) << index;
    }
    for (unsigned index = 0; index < 4; ++index) {
        EXPECT_EQ(with(ARGO_OP_RESET, index), error(ARGO_EINVAL)) << index;
    }
}

TEST(Entry, NothingIsLookedUpForWhoMayNotUseArgo)
{
    World world;
    Guest& guest = world.start(1);
    std::vector<Hook> asked;
    world.host.policy = [&](const PolicyQuestion& question) {
        asked.push_back(question.hook);
        EXPECT_EQ(question.caller, 1);
        return false;
    };
    EXPECT_EQ(world.call(guest, ARGO_OP_SENDV, 16, 16, 1), error(ARGO_EACCES));
    EXPECT_EQ(asked, std::vector{Hook::enable});
    EXPECT_EQ(world.host.pages_asked, 0u);
}

// Frames.

TEST(Frame, AnAddressThatIsNoMultipleOf64IsNoFrame)
{
    Frame s;
    for (uint64_t offset = 1; offset < 64; ++offset) {
        EXPECT_FALSE(s.world.call_frame(s.guest, s.address + offset)) << offset;
    }
    EXPECT_EQ(s.world.engine.counters().refused, 0u);
}

TEST(Frame, MemoryThatIsNotTheCallersIsNoFrame)
{
    Frame s;
    Engine& engine = s.world.engine;
    s.guest.make_read_only(2);
    s.guest.take_away(3);
    EXPECT_FALSE(engine.call_frame(s.guest.domain(), 0, 2 * page_size));
    EXPECT_FALSE(engine.call_frame(s.guest.domain(), 0, 3 * page_size));
    EXPECT_FALSE(engine.call_frame(s.guest.domain(), 0, s.guest.memory_end()));
    EXPECT_FALSE(engine.call_frame(s.guest.domain(), 0, UINT64_MAX - 63));
    EXPECT_EQ(engine.counters().calls[ARGO_OP_NOTIFY], 0u);
}

TEST(Frame, TheLastFrameOfMemoryWorks)
{
    Frame s;
    s.address = s.guest.memory_end() - 64;
    EXPECT_EQ(s.run(), 0);
}

TEST(Frame, OnlyTheResultIsWritten)
{
    Frame s;
    EXPECT_EQ(s.run(), 0);
    EXPECT_TRUE(s.unchanged());
}

TEST(Frame, ErrorsAreSignExtended)
{
    Frame s;
    s.frame.op = ARGO_OPERATION_WORD(5u);
    EXPECT_EQ(s.run(), -95);
}

TEST(Frame, ArgumentsAndResultsAreThoseOfRegisters)
{
    Frame s;
    const uint64_t info = s.guest.allocate(sizeof(argo_info));
    s.frame.op = ARGO_OPERATION_WORD(ARGO_OP_QUERY);
    s.frame.arg[0] = info;
    s.frame.arg[1] = sizeof(argo_info);
    s.frame.arg[2] = 0x0123456789abcdef;
    EXPECT_EQ(s.run(), int64_t{sizeof(argo_info)});
    EXPECT_EQ(s.guest.load<argo_info>(info).nonce, 0x0123456789abcdefu);
}

TEST(Frame, MayBeItsOwnArgument)
{
    Frame s; // the answer overwrites the frame, the result comes last
    s.frame.op = ARGO_OPERATION_WORD(ARGO_OP_QUERY);
    s.frame.arg[0] = s.address;
    s.frame.arg[1] = 64;
    EXPECT_EQ(s.run(), int64_t{sizeof(argo_info)});
}

// Counters.

TEST(Counters, CountCallsByOperationAndRefusals)
{
    World world;
    Guest& guest = world.start(1);
    world.call(guest, ARGO_OP_NOTIFY);
    world.call(guest, ARGO_OP_NOTIFY);
    world.call(guest, ARGO_OP_RESET);
    world.call(guest, ARGO_OP_QUERY);           // too small: counted and refused
    world.call(guest, ARGO_OP_NOTIFY, 0, 0, 1); // refused by entry: not a notify
    world.call(guest, 5);
    const Counters counters = world.engine.counters();
    EXPECT_EQ(counters.calls[ARGO_OP_NOTIFY], 2u);
    EXPECT_EQ(counters.calls[ARGO_OP_RESET], 1u);
    EXPECT_EQ(counters.calls[ARGO_OP_QUERY], 1u);
    EXPECT_EQ(counters.refused, 3u);
}

} // namespace
} // namespace argo::engine::test
