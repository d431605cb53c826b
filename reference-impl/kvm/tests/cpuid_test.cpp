// SPDX-License-Identifier: Apache-2.0 OR MIT
// The CPUID that guests get, made from a small invented host.
#include "kvm/cpuid.hpp"

#include "kvm/doorbell.hpp"

#include <argo/abi.h>
#include <gtest/gtest.h>

namespace argo::kvm {
namespace {

const kvm_cpuid_entry2* find(const Cpuid& cpuid, uint32_t function, uint32_t index = 0)
{
    for (const auto& entry : cpuid) {
        if (entry.function == function && entry.index == index) return &entry;
    }
    return nullptr;
}

class CpuidTest : public testing::Test
{
  protected:
    CpuidTest()
    {
        add(0, 5, 1, 2, 3);
        add(1, 0x800f12, 0xaabbccdd, 0x11, 0x22);
        add(0xb, 9, 9, 9, 9);
        add(0x1f, 9, 9, 9, 9);
        add(0x40000000, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d);
        add(0x40000001, 0x1234, 0, 0, 0);
        add(0x40000100, 9, 9, 9, 9);
        add(0x80000000, 0x8000001e, 0, 0, 0);
        add(0x8000001e, 77, 0, 0, 0);
    }

    void add(uint32_t function, uint32_t eax, uint32_t ebx, uint32_t ecx, uint32_t edx)
    {
        kvm_cpuid_entry2 entry{};
        entry.function = function;
        entry.eax = eax;
        entry.ebx = ebx;
        entry.ecx = ecx;
        entry.edx = edx;
        supported_.push_back(entry);
    }

    [[nodiscard]] Cpuid guest(unsigned id, unsigned count) const
    {
        const auto offered = offers({Mechanism::pio, Mechanism::mmio}, Doorbells{}, Instruction::vmcall);
        return guest_cpuid(supported_, id, count, offered, {ARGO_IMPLEMENTATION_KVM, 3});
    }

    Cpuid supported_;
};

TEST_F(CpuidTest, tells_each_vcpu_its_apic_id)
{
    const auto cpuid = guest(2, 3);
    EXPECT_EQ(find(cpuid, 1)->ebx, 0x0203ccddu);
    EXPECT_EQ(find(cpuid, 1)->ecx, 0x11u | 1u << 21 | 1u << 31);
    EXPECT_EQ(find(cpuid, 1)->edx, 0x22u | 1u << 28);
    EXPECT_EQ(find(cpuid, 0x8000001e)->eax, 2u);
    EXPECT_EQ(find(cpuid, 0)->eax, 0xbu) << "so that the topology is found";
    EXPECT_EQ(find(cpuid, 0xb, 0)->ebx, 1u);
    EXPECT_EQ(find(cpuid, 0xb, 0)->edx, 2u);
    EXPECT_EQ(find(cpuid, 0xb, 1)->eax, 2u) << "IDs of three take two bits";
    EXPECT_EQ(find(cpuid, 0xb, 1)->ebx, 3u);
    EXPECT_EQ(find(cpuid, 0x1f), nullptr);
    EXPECT_EQ(find(guest(0, 1), 1)->edx, 0x22u);
    EXPECT_EQ(find(guest(0, 1), 0xb, 1)->eax, 0u);
}

TEST_F(CpuidTest, has_the_block_of_kvm_and_that_of_argo)
{
    const auto cpuid = guest(0, 1);
    EXPECT_EQ(find(cpuid, 0x40000000)->ebx, 0x4b4d564bu);
    EXPECT_EQ(find(cpuid, 0x40000001)->eax, 0x1234u);
    EXPECT_EQ(find(cpuid, 0x40000100)->eax, 0x40000102u);
    EXPECT_EQ(find(cpuid, 0x40000100)->ebx, ARGO_CPUID_SIGNATURE_EBX);
    EXPECT_EQ(find(cpuid, 0x40000101)->ebx, unsigned{ARGO_IMPLEMENTATION_KVM});
    EXPECT_EQ(find(cpuid, 0x40000101)->ecx, 3u);
    EXPECT_EQ(find(cpuid, 0x40000102, 0)->eax, ARGO_MECHANISM_PIO | 1u << 16);
    EXPECT_EQ(find(cpuid, 0x40000102, 0)->ebx, 0x4150u);
    EXPECT_EQ(find(cpuid, 0x40000102, 1)->eax, ARGO_MECHANISM_MMIO | 1u << 16);
    EXPECT_EQ(find(cpuid, 0x40000102, 1)->ebx, 0xfe000000u);
    EXPECT_EQ(find(cpuid, 0x40000102, 2)->eax, 0u);
    EXPECT_TRUE(find(cpuid, 0x40000102, 2)->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX);
}

TEST_F(CpuidTest, shows_no_hypercall_but_argos_where_that_is_offered)
{
    constexpr uint32_t hypercalls = 1 << 7 | 1 << 11 | 1 << 13 | 1 << 16, others = 1 << 0 | 1 << 6;
    add(0x40000001, 0, 0, 0, 0);
    for (auto& entry : supported_) {
        if (entry.function == 0x40000001) entry.eax = hypercalls | others;
    }
    EXPECT_EQ(find(guest(0, 1), 0x40000001)->eax, hypercalls | others);

    const auto offered = offers({Mechanism::msr, Mechanism::vmcall}, Doorbells{}, Instruction::vmmcall);
    const auto cpuid = guest_cpuid(supported_, 0, 1, offered, {ARGO_IMPLEMENTATION_KVM, 3});
    EXPECT_EQ(find(cpuid, 0x40000001)->eax, others);
    EXPECT_EQ(find(cpuid, 0x40000102, 1)->eax, ARGO_MECHANISM_VMCALL | 1u << 16);
    EXPECT_EQ(find(cpuid, 0x40000102, 1)->ebx, Doorbells{}.vmcall);
    EXPECT_EQ(find(cpuid, 0x40000102, 1)->ecx, 2u) << "VMMCALL";
}

TEST_F(CpuidTest, knows_whose_hypercall_instruction_there_is)
{
    EXPECT_EQ(hypercall_instruction({}), Instruction::vmcall);
    for (const auto& [vendor, instruction] : {std::pair{0x68747541u, Instruction::vmmcall},
                                              {0x6f677948u, Instruction::vmmcall},
                                              {0x756e6547u, Instruction::vmcall}}) {
        supported_[0].ebx = vendor;
        EXPECT_EQ(hypercall_instruction(supported_), instruction) << std::hex << vendor;
    }
}

TEST_F(CpuidTest, has_no_argo_block_without_mechanisms)
{
    const auto cpuid = guest_cpuid(supported_, 0, 1, {}, {});
    EXPECT_EQ(find(cpuid, 0x40000100), nullptr);
    EXPECT_NE(find(cpuid, 0x40000000), nullptr);
}

} // namespace
} // namespace argo::kvm
