// SPDX-License-Identifier: Apache-2.0 OR MIT
// The doorbells, rung by a guest. Book: spec/msr.rst, spec/mmio.rst, spec/pio.rst, spec/discovery.rst.
#include "guest.hpp"

#include "kvm/cpuid.hpp"

namespace argo::kvm {
namespace {

constexpr Doorbells bells;
constexpr int64_t answered = sizeof(argo_info);

class CallTest : public PlayerTest
{
};

TEST_F(CallTest, each_mechanism_makes_the_call_with_one_exit)
{
    play({
        {Action::write_msr, bells.msr, query_frame(0)},
        {Action::store64, bells.mmio, query_frame(1)},
        {Action::store32, bells.mmio, query_frame(2) >> 6},
        {Action::out32, bells.pio, query_frame(3) >> 6},
    });
    for (unsigned n = 0; n < 4; ++n) {
        EXPECT_EQ(frame_result(n), answered) << n;
        EXPECT_EQ(played_.at(n).fault, no_fault) << n;
    }
    EXPECT_EQ(load<argo_info>(*player_, data_address).nonce, 4711u + 3) << "the last query answers last";
    EXPECT_EQ(load<argo_info>(*player_, data_address).domid, 1);
    EXPECT_EQ(load<argo_info>(*player_, data_address).implementation, unsigned{ARGO_IMPLEMENTATION_KVM});

    auto& counters = counters_.back();
    EXPECT_EQ(counters[Mechanism::msr].value(), 1u);
    EXPECT_EQ(counters[Mechanism::mmio].value(), 2u);
    EXPECT_EQ(counters[Mechanism::pio].value(), 1u);
    EXPECT_EQ(counters.no_frame.value(), 0u);
    EXPECT_EQ(counters[Reason::wrmsr].value(), 1u);
    EXPECT_EQ(counters[Reason::mmio].value(), 2u);
    EXPECT_EQ(counters[Reason::io].value(), 2u) << "one of them is the shutdown";
}

TEST_F(CallTest, a_frame_may_end_with_the_memory)
{
    const uint64_t last = player_->memory().size() - sizeof(argo_frame);
    store(*player_, last, load<argo_frame>(*player_, query_frame(0)));
    play({{Action::write_msr, bells.msr, last}});
    EXPECT_EQ(played_.at(0).fault, no_fault);
    EXPECT_EQ(load<argo_frame>(*player_, last).result, answered);
}

/// Addresses where no frame is.
const uint64_t bogus[] = {
    frames_address + 1, frames_address + 32,     // unaligned
    16 * mebibyte,      16 * mebibyte + 64,      // beyond memory
    device_hole,        bells.mmio,              // in the hole
    0xfee00000,         0xffffffc0,              // at its end
    1ull << 32,         (1ull << 32) + 0x300000, // where 32 bits would lose something
    1ull << 52,         1ull << 63,              // beyond any physical address
    0xffffffffffffffc0, 0xffffffffffffffff,      // at the end, where sums wrap
};

TEST_F(CallTest, an_msr_write_without_a_frame_faults)
{
    query_frame(0);
    std::vector<Step> steps;
    for (const uint64_t address : bogus) steps.push_back({Action::write_msr, bells.msr, address});
    play(steps);
    for (size_t i = 0; i < steps.size(); ++i) {
        EXPECT_EQ(played_.at(i).fault, general_protection) << fmt::format("{:#x}", bogus[i]);
    }
    EXPECT_EQ(frame_result(0), untouched);
    EXPECT_EQ(counters_.back().no_frame.value(), steps.size());
    EXPECT_EQ(counters_.back()[Mechanism::msr].value(), 0u);
}

TEST_F(CallTest, a_store_or_out_without_a_frame_does_nothing)
{
    query_frame(0);
    std::vector<Step> steps;
    for (const uint64_t address : bogus) {
        if (address == frames_address + 32) continue; // becomes a frame's address when it is shifted
        steps.push_back({Action::store64, bells.mmio, address});
    }
    const auto wide = steps.size();
    const uint64_t numbers[] = {16 * mebibyte >> 6, device_hole >> 6, 0xffffffff};
    for (const uint64_t number : numbers) {
        steps.push_back({Action::store32, bells.mmio, number});
        steps.push_back({Action::out32, bells.pio, number});
    }
    play(steps);
    for (const auto& step : played_) EXPECT_EQ(step.fault, no_fault);
    EXPECT_EQ(frame_result(0), untouched);
    EXPECT_EQ(counters_.back().no_frame.value(), wide + 2 * std::size(numbers));
}

TEST_F(CallTest, other_widths_and_loads_do_nothing)
{
    const uint64_t frame = query_frame(0);
    play({
        {Action::store8, bells.mmio, frame},
        {Action::store16, bells.mmio, frame},
        {Action::store32, bells.mmio + 4, frame >> 6},
        {Action::store64, bells.mmio + 8, frame},
        {Action::out8, bells.pio, frame >> 6},
        {Action::out16, bells.pio, frame >> 6},
        {Action::load64, bells.mmio},
        {Action::in32, bells.pio},
    });
    for (const auto& step : played_) EXPECT_EQ(step.fault, no_fault);
    EXPECT_EQ(frame_result(0), untouched);
    EXPECT_EQ(counters_.back().no_frame.value(), 0u);
    EXPECT_EQ(played_.at(6).result[0], ~0ull) << "nothing there reads as ones";
    EXPECT_EQ(played_.at(7).result[0], 0xffffffffull);
}

TEST_F(CallTest, reading_the_msr_faults)
{
    play({{Action::read_msr, bells.msr}});
    EXPECT_EQ(played_.at(0).fault, general_protection);
    EXPECT_EQ(counters_.back()[Reason::rdmsr].value(), 1u);
}

TEST_F(CallTest, an_out_from_user_mode_is_refused)
{
    play({
        {Action::user_out32, bells.pio, query_frame(0) >> 6},
        {Action::out32, bells.pio, query_frame(1) >> 6},
    });
    EXPECT_EQ(played_.at(0).fault, general_protection) << "how the player leaves user mode";
    EXPECT_EQ(frame_result(0), -int64_t{ARGO_EPERM}) << std::hex << played_.at(0).result[0];
    EXPECT_EQ(frame_result(1), answered);
}

TEST_F(CallTest, doorbells_are_where_the_topology_says_and_nowhere_else)
{
    prepare("mechanisms = ['mmio', 'msr']\n"
            "doorbells = { msr = 0x40000080, mmio = 0xd0000008, pio = 0x4150 }");
    play({
        {Action::write_msr, 0x40000080, query_frame(0)},
        {Action::store64, 0xd0000008, query_frame(1)},
        {Action::store64, bells.mmio, query_frame(2)},
        {Action::out32, bells.pio, query_frame(3) >> 6}, // not among the mechanisms
        {Action::write_msr, bells.msr, query_frame(4)},
        {Action::cpuid, argo_cpuid_base + 2, 0},
        {Action::cpuid, argo_cpuid_base + 2, 1},
        {Action::cpuid, argo_cpuid_base + 2, 2},
    });
    EXPECT_EQ(frame_result(0), answered);
    EXPECT_EQ(frame_result(1), answered);
    EXPECT_EQ(frame_result(2), untouched);
    EXPECT_EQ(frame_result(3), untouched);
    EXPECT_EQ(frame_result(4), untouched);
    EXPECT_EQ(played_.at(4).fault, general_protection);

    EXPECT_EQ(played_.at(5).result[0], ARGO_MECHANISM_MMIO | 1u << 16);
    EXPECT_EQ(played_.at(5).result[1], 0xd0000008);
    EXPECT_EQ(played_.at(6).result[0], ARGO_MECHANISM_MSR | 1u << 16);
    EXPECT_EQ(played_.at(6).result[1], 0x40000080u);
    EXPECT_EQ(played_.at(7).result[0], 0u) << "the end of the list";
}

TEST_F(CallTest, an_absent_domain_finds_nothing)
{
    prepare("absent = true");
    play({
        {Action::cpuid, argo_cpuid_base, 0},
        {Action::write_msr, bells.msr, query_frame(0)},
        {Action::store64, bells.mmio, query_frame(1)},
        {Action::out32, bells.pio, query_frame(2) >> 6},
        {Action::cpuid, 1, 0},
    });
    const uint32_t signature[] = {ARGO_CPUID_SIGNATURE_EBX, ARGO_CPUID_SIGNATURE_ECX,
                                  ARGO_CPUID_SIGNATURE_EDX};
    for (size_t i = 0; i < 3; ++i) EXPECT_NE(played_.at(0).result[i + 1], signature[i]);
    EXPECT_EQ(played_.at(1).fault, general_protection);
    for (unsigned n = 0; n < 3; ++n) EXPECT_EQ(frame_result(n), untouched);
    EXPECT_TRUE(played_.at(4).result[2] >> 31) << "it still runs under a hypervisor";
    EXPECT_EQ(counters_.back().no_frame.value(), 0u);
}

TEST_F(CallTest, cpuid_shows_the_block)
{
    play({
        {Action::cpuid, 1, 0},
        {Action::cpuid, argo_cpuid_base, 0},
        {Action::cpuid, argo_cpuid_base + 1, 0},
        {Action::cpuid, 0x40000000, 0},
    });
    EXPECT_TRUE(played_.at(0).result[2] >> 31);
    EXPECT_EQ(played_.at(1).result[0], argo_cpuid_base + 2);
    EXPECT_EQ(played_.at(1).result[1], ARGO_CPUID_SIGNATURE_EBX);
    EXPECT_EQ(played_.at(1).result[2], ARGO_CPUID_SIGNATURE_ECX);
    EXPECT_EQ(played_.at(1).result[3], ARGO_CPUID_SIGNATURE_EDX);
    EXPECT_EQ(played_.at(2).result[0] & 0xffff, 1u | 1u << 8);
    EXPECT_EQ(played_.at(2).result[1], unsigned{ARGO_IMPLEMENTATION_KVM});
    EXPECT_EQ(played_.at(3).result[1], 0x4b4d564bu) << "KVM's own signature stays: KVMK";
}

} // namespace
} // namespace argo::kvm
