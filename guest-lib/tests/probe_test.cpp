// SPDX-License-Identifier: MIT
//
// Finding Argo, and not finding it. Book: chapter discovery.
#include "fake.hpp"

#include <gtest/gtest.h>

namespace {

using argo::Error;
using fake::Doorbell;

constexpr argo::Mechanism msr{ARGO_MECHANISM_MSR, 1, 0x40000300, 0, 0};
constexpr argo::Mechanism mmio{ARGO_MECHANISM_MMIO, 1, 0xfe000000, 0x1, 0};
constexpr argo::Mechanism pio{ARGO_MECHANISM_PIO, 1, 0x4150, 0, 0};
constexpr uint64_t mmio_address = 0x1'fe000000;

struct Probe : testing::Test
{
    /// All three mechanisms, in this order, and what their doorbells do.
    void three(Doorbell first, Doorbell second, Doorbell third)
    {
        machine.offer(0x40000100, {msr, mmio, pio});
        machine.msrs[msr.ebx] = first;
        machine.stores[mmio_address] = second;
        machine.ports[pio.ebx] = third;
    }
    /// Probes and expects failure, with this error and without a doorbell rung.
    void expect_untouched(Error error)
    {
        EXPECT_EQ(argo::probe(machine, {}, &report).error(), error);
        EXPECT_EQ(machine.doorbells, 0u);
        EXPECT_TRUE(machine.hypervisor.calls.empty());
    }
    uint16_t chosen(argo::Preference preference = {})
    {
        const auto found = argo::probe(machine, preference, &report);
        return found ? found->mechanism().id : uint16_t{0};
    }

    fake::Machine machine;
    argo::Discovery report;
};

// Absence: nothing but CPUID.

TEST_F(Probe, without_hypervisor_bit_executes_one_cpuid_and_nothing_else)
{
    machine.offer_msr(); // even if the leaves beyond happen to read like a block
    machine.leaves[{1, 0}].ecx = 0x7fffffff;
    expect_untouched(Error::absent);
    EXPECT_EQ(machine.cpuids, 1u);
    EXPECT_FALSE(report.hypervisor);
}

TEST_F(Probe, hypervisor_without_block_sees_cpuid_only)
{
    machine.leaves[{1, 0}].ecx = uint32_t{1} << 31;
    machine.leaves[{0x40000000, 0}] = {0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d}; // KVMKVMKVM
    machine.msrs[msr.ebx] = Doorbell::works;
    expect_untouched(Error::absent);
    EXPECT_EQ(machine.cpuids, 257u) << "leaf 1, and each of the 256 bases once";
    EXPECT_TRUE(report.hypervisor);
    EXPECT_EQ(report.base, 0u);
}

TEST_F(Probe, two_thirds_of_a_signature_are_none)
{
    machine.offer_msr();
    for (auto wrong : {&argo::CpuidRegisters::ebx, &argo::CpuidRegisters::ecx, &argo::CpuidRegisters::edx}) {
        const auto block = machine.leaves[{ARGO_CPUID_FIRST, 0}];
        machine.leaves[{ARGO_CPUID_FIRST, 0}].*wrong ^= 1;
        expect_untouched(Error::absent);
        machine.leaves[{ARGO_CPUID_FIRST, 0}] = block;
    }
}

TEST_F(Probe, block_too_short_for_a_list_is_none)
{
    machine.offer_msr();
    machine.leaves[{ARGO_CPUID_FIRST, 0}].eax = ARGO_CPUID_FIRST + 1;
    expect_untouched(Error::absent);
}

TEST_F(Probe, signature_between_or_beyond_the_bases_is_not_looked_at)
{
    machine.offer(0x40000080, {msr});
    machine.offer(0x40010000, {msr});
    machine.offer(0x3fffff00, {msr});
    machine.msrs[msr.ebx] = Doorbell::works;
    expect_untouched(Error::absent);
}

TEST_F(Probe, absence_costs_no_page)
{
    (void)argo::probe(machine);
    EXPECT_EQ(machine.lent, 0);
    EXPECT_EQ(machine.untranslated, 0u);
}

// Presence.

TEST_F(Probe, finds_the_block_at_every_base)
{
    for (uint32_t base = ARGO_CPUID_FIRST; base <= ARGO_CPUID_LAST; base += ARGO_CPUID_STEP) {
        fake::Machine there;
        there.offer(base, {msr});
        there.msrs[msr.ebx] = Doorbell::works;
        const auto found = argo::probe(there, {}, &report);
        ASSERT_TRUE(found) << std::hex << base;
        EXPECT_EQ(report.base, base);
    }
}

TEST_F(Probe, beside_the_signature_of_kvm)
{
    three(Doorbell::works, Doorbell::works, Doorbell::works);
    machine.leaves[{0x40000000, 0}] = {0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d};
    EXPECT_EQ(chosen(), ARGO_MECHANISM_MSR);
    EXPECT_EQ(report.base, 0x40000100u);
}

TEST_F(Probe, tells_what_it_found)
{
    three(Doorbell::works, Doorbell::silent, Doorbell::works);
    const auto found = argo::probe(machine, {}, &report);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->self(), argo::Domid{fake::Hypervisor::self});
    EXPECT_EQ(found->info().max_iov, 64u);
    EXPECT_TRUE(found->has(ARGO_FEATURE_VECTOR | ARGO_FEATURE_WILDCARD));
    EXPECT_FALSE(found->has(ARGO_FEATURE_VECTOR | ARGO_FEATURE_BATCH));
    EXPECT_EQ(report.lowest_major, 1);
    EXPECT_EQ(report.highest_major, 1);
    EXPECT_EQ(report.minor, 3);
    EXPECT_EQ(report.implementation, 0x8001u);
    EXPECT_EQ(report.implementation_version, 42u);
    ASSERT_EQ(report.count, 3u);
    EXPECT_TRUE(report.candidates[0].confirmed());
    EXPECT_FALSE(report.candidates[1].confirmed());
    EXPECT_TRUE(report.candidates[2].confirmed());
    EXPECT_EQ(report.candidates[1].mechanism.ecx, mmio.ecx);
}

TEST_F(Probe, majors_that_exclude_ours)
{
    for (const uint32_t range : {0x0000u, 0x0202u, 0x0302u, 0xff02u, 0x0001u}) { // the last is upside down
        machine.offer_msr();
        machine.leaves[{ARGO_CPUID_FIRST + 1, 0}].eax = range;
        SCOPED_TRACE(range);
        expect_untouched(Error::incompatible);
    }
}

TEST_F(Probe, majors_that_include_ours)
{
    for (const uint32_t range : {0x0101u, 0x0201u, 0x0100u, 0xff00u}) {
        machine.offer_msr();
        machine.leaves[{ARGO_CPUID_FIRST + 1, 0}].eax = range;
        EXPECT_EQ(chosen(), ARGO_MECHANISM_MSR) << range;
    }
}

TEST_F(Probe, skips_what_it_does_not_know)
{
    machine.offer(0x40000000, {{77, 1, 0x40000300, 0, 0},                   // from the future
                               {ARGO_MECHANISM_MSR, 2, 0x40000300, 0, 0},   // a revision from the future
                               {ARGO_MECHANISM_MSR, 0, 0x40000300, 0, 0},   // none at all
                               {ARGO_MECHANISM_SMCCC, 1, 0x86000000, 1, 0}, // another architecture's
                               {ARGO_MECHANISM_PIO, 1, 0x10000, 0, 0},      // no such port
                               {ARGO_MECHANISM_MMIO, 1, 0xfe000004, 0, 0},  // not aligned
                               msr});
    machine.msrs[msr.ebx] = Doorbell::works;
    EXPECT_EQ(chosen(), ARGO_MECHANISM_MSR);
    EXPECT_EQ(report.count, 7u);
    for (uint32_t i = 0; i < 6; ++i) EXPECT_FALSE(report.candidates[i].tried) << i;
    EXPECT_TRUE(report.candidates[6].confirmed());
    EXPECT_EQ(machine.doorbells, 1u);
}

TEST_F(Probe, list_of_nothing_known)
{
    machine.offer(0x40000000, {{77, 1, 0, 0, 0}, {ARGO_MECHANISM_VMCALL, 1, 39, 1, 0}});
    expect_untouched(Error::incompatible);
    EXPECT_EQ(report.count, 2u);
}

TEST_F(Probe, empty_list)
{
    machine.offer(0x40000000, {});
    expect_untouched(Error::incompatible);
    EXPECT_EQ(report.count, 0u);
}

TEST_F(Probe, list_without_end_ends)
{
    machine.offer(0x40000000, {});
    machine.override_cpuid = [](uint32_t leaf, uint32_t) -> std::optional<argo::CpuidRegisters> {
        if (leaf != 0x40000002) return std::nullopt;
        return argo::CpuidRegisters{77 | 1 << 16, 0, 0, 0};
    };
    expect_untouched(Error::incompatible);
    EXPECT_EQ(report.count, argo::Discovery::max_candidates);
    EXPECT_LT(machine.cpuids, 64u);
}

TEST_F(Probe, entry_after_the_end_is_not_read)
{
    machine.offer(0x40000000, {{0, 0, 1, 2, 3}, msr});
    machine.msrs[msr.ebx] = Doorbell::works;
    expect_untouched(Error::incompatible);
}

// Candidates that are not what they seem.

TEST_F(Probe, general_protection_fault_is_survived)
{
    machine.offer(0x40000000, {msr}); // as a nested guest sees a block that is not meant for it
    EXPECT_EQ(argo::probe(machine, {}, &report).error(), Error::efault);
    EXPECT_TRUE(report.candidates[0].tried);
    EXPECT_EQ(machine.doorbells, 1u);
    EXPECT_EQ(machine.lent, 0) << "the call page came back";
}

TEST_F(Probe, sentinel_left_in_place)
{
    machine.offer(0x40000000, {msr});
    machine.msrs[msr.ebx] = Doorbell::silent;
    EXPECT_EQ(argo::probe(machine, {}, &report).error(), Error::no_answer);
}

TEST_F(Probe, wrong_nonce)
{
    machine.offer_msr();
    machine.msrs[msr.ebx] = Doorbell::wrong_nonce;
    EXPECT_EQ(argo::probe(machine, {}, &report).error(), Error::bad_answer);
}

TEST_F(Probe, success_without_an_answer)
{
    machine.offer_msr();
    machine.hypervisor.forced[ARGO_OP_QUERY] = sizeof(argo_info); // result written, information not
    EXPECT_EQ(argo::probe(machine).error(), Error::bad_answer);
}

TEST_F(Probe, answer_shorter_than_any)
{
    machine.offer_msr();
    for (const int64_t size : {0, 15}) {
        machine.hypervisor.before = [&](const fake::Call& call) {
            machine.memory.write(call.arg[0], &call.arg[2], sizeof call.arg[2]); // the nonce itself is right
        };
        machine.hypervisor.forced[ARGO_OP_QUERY] = size;
        EXPECT_EQ(argo::probe(machine).error(), Error::bad_answer) << size;
    }
}

TEST_F(Probe, refusal_is_reported_as_it_is)
{
    machine.offer_msr();
    machine.msrs[msr.ebx] = Doorbell::refuses;
    EXPECT_EQ(argo::probe(machine, {}, &report).error(), Error::eacces);
    EXPECT_EQ(report.candidates[0].error, Error::eacces);
}

TEST_F(Probe, broken_first_one_leaves_the_next)
{
    for (const auto broken : {Doorbell::faults, Doorbell::silent, Doorbell::wrong_nonce, Doorbell::refuses}) {
        three(broken, Doorbell::works, Doorbell::works);
        EXPECT_EQ(chosen(), ARGO_MECHANISM_MMIO);
        three(broken, broken, Doorbell::works);
        EXPECT_EQ(chosen(), ARGO_MECHANISM_PIO);
        EXPECT_FALSE(report.candidates[0].confirmed());
        EXPECT_FALSE(report.candidates[1].confirmed());
        EXPECT_TRUE(report.candidates[2].confirmed());
    }
}

TEST_F(Probe, all_broken_gives_the_first_ones_reason)
{
    three(Doorbell::silent, Doorbell::wrong_nonce, Doorbell::refuses);
    EXPECT_EQ(argo::probe(machine, {}, &report).error(), Error::no_answer);
    EXPECT_EQ(report.candidates[1].error, Error::bad_answer);
    EXPECT_EQ(report.candidates[2].error, Error::eacces);
}

TEST_F(Probe, each_candidate_has_its_own_nonce)
{
    three(Doorbell::works, Doorbell::works, Doorbell::works);
    ASSERT_NE(chosen({.nonce = 1000}), 0);
    ASSERT_EQ(machine.hypervisor.calls.size(), 3u);
    for (uint64_t i = 0; i < 3; ++i) EXPECT_EQ(machine.hypervisor.calls[i].arg[2], 1000 + i);
}

TEST_F(Probe, forced_mechanism_is_the_only_one_rung)
{
    three(Doorbell::works, Doorbell::works, Doorbell::works);
    EXPECT_EQ(chosen({.mechanism = ARGO_MECHANISM_PIO}), ARGO_MECHANISM_PIO);
    EXPECT_EQ(machine.doorbells, 1u);
    EXPECT_EQ(report.count, 3u) << "the others are listed still";
    EXPECT_FALSE(report.candidates[0].tried);
    EXPECT_FALSE(report.candidates[1].tried);
    EXPECT_TRUE(report.candidates[2].confirmed());
}

TEST_F(Probe, forced_mechanism_that_is_not_there)
{
    machine.offer_msr();
    EXPECT_EQ(argo::probe(machine, {.mechanism = ARGO_MECHANISM_PIO}).error(), Error::incompatible);
    EXPECT_EQ(machine.doorbells, 0u);
}

TEST_F(Probe, forced_mechanism_that_is_broken_has_no_substitute)
{
    three(Doorbell::works, Doorbell::silent, Doorbell::works);
    EXPECT_EQ(argo::probe(machine, {.mechanism = ARGO_MECHANISM_MMIO}).error(), Error::no_answer);
}

TEST_F(Probe, frame_beyond_a_32_bit_doorbell)
{
    three(Doorbell::works, Doorbell::works, Doorbell::works);
    machine.memory.shift = uint64_t{1} << 38; // 256 GiB: OUT cannot name it
    EXPECT_EQ(chosen(), ARGO_MECHANISM_MSR);
    EXPECT_TRUE(report.candidates[1].confirmed());
    EXPECT_EQ(report.candidates[2].error, Error::efault);
    EXPECT_EQ(machine.doorbells, 2u) << "a truncated address must not be written";
}

TEST_F(Probe, mechanism_from_a_firmware_table)
{
    machine.stores[mmio_address] = Doorbell::works;
    EXPECT_TRUE(argo::Hypervisor<fake::Machine>::confirm(machine, mmio, 1));
    EXPECT_EQ(argo::Hypervisor<fake::Machine>::confirm(machine, msr, 2).error(), Error::efault);
    const size_t before = machine.doorbells;
    EXPECT_EQ(argo::Hypervisor<fake::Machine>::confirm(machine, {99, 1, 0, 0, 0}, 3).error(),
              Error::incompatible);
    EXPECT_EQ(machine.doorbells, before);
}

TEST_F(Probe, machine_of_another_architecture_is_asked_for_stores_only)
{
    struct Arm
    {
        fake::Machine& all;
        argo::Gpa gpa(const void* p) { return all.gpa(p); }
        argo::CallPage& borrow() { return all.borrow(); }
        void give_back(argo::CallPage& page) { all.give_back(page); }
        void store32(argo::Gpa to, uint32_t value) { all.store32(to, value); }
        void store64(argo::Gpa to, uint64_t value) { all.store64(to, value); }
    };
    static_assert(argo::Machine<Arm> && !argo::X86Machine<Arm>);
    Arm arm{machine};
    machine.stores[mmio_address] = Doorbell::works;
    EXPECT_TRUE(argo::Hypervisor<Arm>::confirm(arm, mmio, 1));
    EXPECT_EQ(argo::Hypervisor<Arm>::confirm(arm, msr, 1).error(), Error::incompatible);
    EXPECT_EQ(argo::Hypervisor<Arm>::confirm(arm, pio, 1).error(), Error::incompatible);
}

} // namespace
