// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// ARGO_OP_VECTOR. Book: spec/vector.rst.
#include "faults.hpp"
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

struct Vector
{
    World world;
    Guest& guest = world.start(1);
    uint64_t index = 0;
    uint64_t kind = ARGO_BINDING_LAPIC;
    uint64_t target = 0;
    uint64_t value = 40;

    int64_t run() { return world.call(guest, ARGO_OP_VECTOR, index, kind, target, value); }

    /// No binding was made.
    bool unchanged()
    {
        RingClient ring = open(world, guest, 1, 1, 48);
        EXPECT_EQ(Sender(world, guest).send(1, 1, {}), 0);
        return world.engine.counters().events == 0;
    }
};

const Fault<Vector> vector_faults[] = {
    {"ARGO-VECTOR-101", ARGO_EINVAL, [](Vector& s) { s.index = 16; }},
    {"ARGO-VECTOR-102", ARGO_EINVAL, [](Vector& s) { s.kind = ARGO_BINDING_EVTCHN; }},
    {"ARGO-VECTOR-103", ARGO_EINVAL, [](Vector& s) { s.value = 31; }},
    {"ARGO-VECTOR-104", ARGO_EACCES,
     [](Vector& s) { s.world.host.policy = [](const PolicyQuestion& q) { return q.hook != Hook::vector; }; }},
};

TEST(Vector, ErrorsStandInTheRegistrysOrder) { check_faults(vector_faults); }

TEST(Vector, ExactlyTheIndexesBelowTheLimitAreThere)
{
    Vector s;
    for (s.index = 0; s.index < 16; ++s.index) EXPECT_EQ(s.run(), 0) << s.index;
    for (uint64_t index : {uint64_t{16}, uint64_t{0x10000}, uint64_t{1} << 32, UINT64_MAX}) {
        s.index = index;
        EXPECT_EQ(s.run(), error(ARGO_EINVAL)) << index;
    }
}

TEST(Vector, OthersThanNoneLapicAndMsiAreNotThere)
{
    Vector s;
    for (uint64_t kind : {uint64_t{3}, uint64_t{4}, uint64_t{5}, (uint64_t{1} << 32) + 1,
                          (uint64_t{1} << 32) + 2, UINT64_MAX}) {
        s.kind = kind;
        EXPECT_EQ(s.run(), error(ARGO_EINVAL)) << kind;
    }
}

TEST(Vector, Vectors32To255)
{
    Vector s;
    for (uint64_t value = 0; value < 300; ++value) {
        s.value = value;
        EXPECT_EQ(s.run(), value >= 32 && value <= 255 ? 0 : error(ARGO_EINVAL)) << value;
    }
    s.value = (uint64_t{1} << 32) + 40;
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
}

TEST(Vector, TheTargetIsAVcpu)
{
    Vector s;
    s.guest.vcpus = {3, 0xffffffff};
    for (uint64_t target : {uint64_t{3}, uint64_t{0xffffffff}}) {
        s.target = target;
        EXPECT_EQ(s.run(), 0) << target;
    }
    for (uint64_t target : {uint64_t{0}, uint64_t{4}, (uint64_t{1} << 32) + 3}) {
        s.target = target;
        EXPECT_EQ(s.run(), error(ARGO_EINVAL)) << target;
    }
}

TEST(Vector, TheHostSaysWhichKindsAreOffered)
{
    for (uint32_t kind : {ARGO_BINDING_LAPIC, ARGO_BINDING_MSI}) {
        Vector s;
        s.kind = kind;
        s.target = kind == ARGO_BINDING_MSI ? 0xfee0'0000 : 0;
        EXPECT_EQ(s.run(), 0) << kind;
        s.world.host.kinds.erase(kind);
        EXPECT_EQ(s.run(), error(ARGO_EINVAL)) << kind;
    }
}

TEST(Vector, AMessageGoesToTheVcpuOfItsAddress)
{
    Vector s;
    s.guest.vcpus = {0, 0xfe};
    s.kind = ARGO_BINDING_MSI;
    s.target = 0xfeef'e000;
    EXPECT_EQ(s.run(), 0);
    RingClient ring = open(s.world, s.guest, 1, 1, 48);
    EXPECT_EQ(Sender(s.world, s.guest).send(1, 1, {}), 0);
    EXPECT_EQ(s.guest.events(40, 0xfe), 1u);
    EXPECT_EQ(s.guest.events(40, 0), 0u);
}

TEST(Vector, OfAMessagesAddressTheDestinationAloneMayDiffer)
{
    Vector s;
    s.kind = ARGO_BINDING_MSI;
    s.guest.vcpus = {0, 1, 2, 4, 8, 16, 32, 64, 128, 255};
    for (unsigned bit = 0; bit < 64; ++bit) {
        s.target = 0xfee0'0000 ^ uint64_t { 1 } << bit;
        EXPECT_EQ(s.run(), bit >= 12 && bit < 20 ? 0 : error(ARGO_EINVAL)) << bit;
    }
    s.target = 0xfee0'3000; // nobody
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    s.target = 0xfeef'f000; // everybody, and a vCPU has the ID
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
}

TEST(Vector, OfAMessagesDataVectorAssertAndLowestPriorityMayDiffer)
{
    Vector s;
    s.kind = ARGO_BINDING_MSI;
    s.target = 0xfee0'0000;
    for (unsigned bit = 8; bit < 64; ++bit) {
        s.value = 40 | uint64_t{1} << bit;
        EXPECT_EQ(s.run(), bit == 8 || bit == 14 ? 0 : error(ARGO_EINVAL)) << bit;
    }
    for (s.value = 0; s.value < 256; ++s.value)
        EXPECT_EQ(s.run(), s.value >= 32 ? 0 : error(ARGO_EINVAL)) << s.value;
}

TEST(Vector, NoneTakesNeitherTargetNorValue)
{
    Vector s;
    s.kind = ARGO_BINDING_NONE;
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    s.value = 0;
    s.target = 1;
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    s.target = 0;
    EXPECT_EQ(s.run(), 0); // nothing was made, and that is fine
}

TEST(Vector, ADeniedBindingMayBeDroppedAllTheSame)
{
    Vector s;
    s.world.host.policy = [](const PolicyQuestion& q) { return q.hook != Hook::vector; };
    EXPECT_EQ(s.run(), error(ARGO_EACCES));
    s.kind = ARGO_BINDING_NONE;
    s.value = 0;
    EXPECT_EQ(s.run(), 0);
}

TEST(Vector, AFailureLeavesTheBinding)
{
    Vector s;
    EXPECT_EQ(s.run(), 0);
    s.value = 31;
    EXPECT_EQ(s.run(), error(ARGO_EINVAL));
    open(s.world, s.guest, 1, 1, 48);
    EXPECT_EQ(Sender(s.world, s.guest).send(1, 1, {}), 0);
    EXPECT_EQ(s.guest.events(40), 1u);
}

} // namespace
} // namespace argo::engine::test
