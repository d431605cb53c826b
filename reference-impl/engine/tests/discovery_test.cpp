// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The block of CPUID leaves. Book: spec/discovery.rst.
#include "engine/discovery.hpp"

#include <gtest/gtest.h>

namespace argo::engine {

static bool operator==(const CpuidRegisters& a, const CpuidRegisters& b)
{
    return a.eax == b.eax && a.ebx == b.ebx && a.ecx == b.ecx && a.edx == b.edx;
}

namespace test {
namespace {

constexpr uint32_t base = 0x40000100;
constexpr Identity identity{0x8001, 17};
constexpr Offer offers[] = {{1, 1, 0x40000300, 0, 0}, {3, 2, 0x4150, 5, 6}};
constexpr CpuidRegisters zeroes{0, 0, 0, 0};

TEST(Discovery, TheBaseLeafHasSignatureAndLastLeaf)
{
    const auto leaf = cpuid_leaf(offers, identity, base, base, 0);
    EXPECT_EQ(leaf.eax, base + 2);
    const uint32_t signature[] = {leaf.ebx, leaf.ecx, leaf.edx};
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(signature), 12), "ArgoArgoArgo");
}

TEST(Discovery, TheSecondLeafHasRevisionAndIdentity)
{
    EXPECT_EQ(cpuid_leaf(offers, identity, base, base + 1, 0), (CpuidRegisters{0x0101, 0x8001, 17, 0}));
}

TEST(Discovery, TheThirdLeafListsMechanismsAndEnds)
{
    EXPECT_EQ(cpuid_leaf(offers, identity, base, base + 2, 0), (CpuidRegisters{0x10001, 0x40000300, 0, 0}));
    EXPECT_EQ(cpuid_leaf(offers, identity, base, base + 2, 1), (CpuidRegisters{0x20003, 0x4150, 5, 6}));
    EXPECT_EQ(cpuid_leaf(offers, identity, base, base + 2, 2), zeroes);
    EXPECT_EQ(cpuid_leaf(offers, identity, base, base + 2, 0xffffffff), zeroes);
    EXPECT_EQ(cpuid_leaf({}, identity, base, base + 2, 0), zeroes);
}

TEST(Discovery, LeavesOutsideTheBlockAreZero)
{
    for (uint32_t leaf : {0u, 1u, base - 1, base + 3, base + 0xff, 0xffffffffu}) {
        EXPECT_EQ(cpuid_leaf(offers, identity, base, leaf, 0), zeroes) << leaf;
    }
}

} // namespace
} // namespace test
} // namespace argo::engine
