// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// msr, mmio, pio: the doorbells, rung as they should be and as they should not. vmcall, cpuid: the same for
// calls in registers. Book: spec/msr.rst, spec/mmio.rst, spec/pio.rst, spec/vmcall.rst, spec/cpuid.rst.

#include "frames.hpp"

using namespace argo::suite;

namespace {

platform::Machine& machine() { return platform::machine(); }

/// Where frames stand in these cases: a page of them.
Gpa frames() { return lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE); }

constexpr unsigned frame_shift = 6;
uint32_t number_of(Gpa where) { return static_cast<uint32_t>(where.value >> frame_shift); }

/// Addresses that are no memory of the lead, each a multiple of 64.
std::span<const uint64_t> outside()
{
    static uint64_t table[4];
    const uint64_t end = lead().bad_gpa();
    table[0] = end;
    table[1] = end + ARGO_FRAME_ALIGN;
    table[2] = UINT64_C(1) << 52;
    table[3] = UINT64_MAX - ARGO_FRAME_ALIGN + 1;
    return table;
}

/// ring(gpa) makes the call of the frame there, wherever in a page it lies.
template <class Ring>
void expect_calls_by(Ring ring)
{
    Witness witness;
    const Gpa page = frames();
    for (const uint64_t offset : {0u, 64u, 4032u}) {
        row("offset in page", offset);
        const Gpa where{page.value + offset};
        witness.arm(where);
        ring(where);
        witness.expect_made(where);
    }
}

} // namespace

// MSR.

CASE(msr, a_write_of_the_address_makes_the_call, core_loopback, "ARGO-MSR-001")
{
    const auto mechanism = offered(ARGO_MECHANISM_MSR);
    expect_calls_by([&](Gpa where) { expect(machine().wrmsr(mechanism.ebx, where.value)); });
}

CASE(msr, a_crooked_address_is_a_fault, core_loopback, "ARGO-MSR-002")
{
    // A frame before and a frame behind, so that rounding either way would find one. None of them is called.
    const auto mechanism = offered(ARGO_MECHANISM_MSR);
    Witness witness;
    const Gpa page = frames(), before{page.value + 128}, behind{page.value + 192};
    witness.arm(before);
    witness.arm(behind);
    for (const uint32_t by : {1u, 2u, 4u, 8u, 16u, 32u, 63u}) {
        row("address modulo 64", by);
        expect(!machine().wrmsr(mechanism.ebx, before.value + by));
    }
    witness.expect_idle(before);
    witness.expect_idle(behind);
    expect(machine().wrmsr(mechanism.ebx, before.value)); // It still is a doorbell.
    witness.expect_made(before);
}

CASE(msr, an_address_outside_is_a_fault, core_loopback, "ARGO-MSR-003")
{
    const auto mechanism = offered(ARGO_MECHANISM_MSR);
    Witness witness;
    const Gpa where = frames();
    witness.arm(where);
    for (const uint64_t address : outside()) {
        row("address", address);
        expect(!machine().wrmsr(mechanism.ebx, address));
    }
    // The same in numbers of which only a part is looked at: the low half is a good frame's.
    for (const unsigned bit : {40u, 52u, 63u}) {
        row("bit", bit);
        expect(!machine().wrmsr(mechanism.ebx, where.value | UINT64_C(1) << bit));
    }
    witness.expect_idle(where);
}

CASE(msr, a_read_is_a_fault, core_loopback, "ARGO-MSR-004")
{
    const auto mechanism = offered(ARGO_MECHANISM_MSR);
    uint64_t value = 0;
    expect(!machine().rdmsr(mechanism.ebx, value));

    // Also after a call, which it does not make again.
    Witness witness;
    const Gpa where = frames();
    witness.arm(where);
    require(machine().wrmsr(mechanism.ebx, where.value));
    witness.expect_made(where);
    witness.arm(where);
    expect(!machine().rdmsr(mechanism.ebx, value));
    witness.expect_idle(where);
}

// MMIO.

namespace {

Gpa doorbell(const argo::Mechanism& mmio) { return Gpa{mmio.ebx | uint64_t{mmio.ecx} << 32}; }

} // namespace

CASE(mmio, a_wide_store_makes_the_call, core_loopback, "ARGO-MMIO-001")
{
    const Gpa bell = doorbell(offered(ARGO_MECHANISM_MMIO));
    expect_calls_by([&](Gpa where) { machine().store64(bell, where.value); });
}

CASE(mmio, a_narrow_store_makes_the_call, core_loopback, "ARGO-MMIO-002")
{
    const Gpa bell = doorbell(offered(ARGO_MECHANISM_MMIO));
    expect_calls_by([&](Gpa where) { machine().store32(bell, number_of(where)); });
}

CASE(mmio, a_store_without_a_frame_is_nothing, core_loopback, "ARGO-MMIO-003")
{
    const Gpa bell = doorbell(offered(ARGO_MECHANISM_MMIO));
    Witness witness;
    const Gpa page = frames(), before{page.value + 128}, behind{page.value + 192};
    witness.arm(before);
    witness.arm(behind);

    for (const uint64_t address : outside()) machine().store64(bell, address); // Not in memory ...
    for (const uint32_t by : {1u, 8u, 32u, 63u})
        machine().store64(bell, before.value + by);            // ... crooked ...
    machine().store64(bell, before.value | UINT64_C(1) << 63); // ... good in part ...
    machine().store32(bell, static_cast<uint32_t>(lead().bad_gpa() >> frame_shift));
    machine().store32(bell, UINT32_MAX);
    machine().store64(bell, number_of(before)); // ... or for the other width.
    machine().store32(bell, static_cast<uint32_t>(before.value));

    witness.expect_idle(before);
    witness.expect_idle(behind);
    machine().store64(bell, before.value);
    witness.expect_made(before);
}

CASE(mmio, stores_of_other_widths_are_nothing, core_loopback, "ARGO-MMIO-004")
{
    const Gpa bell = doorbell(offered(ARGO_MECHANISM_MMIO));
    Witness witness;
    const Gpa where = frames();
    witness.arm(where);
    machine().store64(bell, where.value); // A call that might be repeated by mistake.
    witness.expect_made(where);
    witness.arm(where);
    machine().store8(bell, static_cast<uint8_t>(number_of(where)));
    machine().store16(bell, static_cast<uint16_t>(number_of(where)));
    machine().store8(bell, static_cast<uint8_t>(where.value));
    machine().store16(bell, static_cast<uint16_t>(where.value));
    witness.expect_idle(where);
}

CASE(mmio, a_doorbell_is_no_memory, core_loopback, "ARGO-REGISTER-111", "ARGO-SENDV-105", "ARGO-CALL-007")
{
    // It is at an address, but there is nothing to read or to write: neither
    // for a ring, nor for a message, nor for a structure, nor as a frame.
    const Gpa bell = doorbell(offered(ARGO_MECHANISM_MMIO));
    const uint64_t frame[] = {frame_of(bell)};
    expect_error(register_ring(lead(), {.port = 1, .partner = lead(), .length = smallest, .frames = frame}),
                 ARGO_EFAULT);
    const argo_iov piece[] = {{bell.value, 8, 0}};
    SendArguments with;
    with.addresses = {{1, Who(lead()).value, 0}, {1, Who(lead()).value, 0}};
    with.pieces = piece;
    expect_error(sendv(lead(), with), ARGO_EFAULT);
    expect_error(lead().call(ARGO_OP_UNREGISTER_RING, bell.value), ARGO_EFAULT);
    expect_error(lead().call(ARGO_OP_QUERY, bell.value, ARGO_INFO_MIN_SIZE), ARGO_EFAULT);
    machine().store64(bell, bell.value & ~UINT64_C(63));
}

CASE(mmio, a_load_is_nothing, core_loopback, "ARGO-MMIO-005")
{
    // A call first, so that there is one to be repeated by mistake.
    const Gpa bell = doorbell(offered(ARGO_MECHANISM_MMIO));
    Witness witness;
    const Gpa where = frames();
    witness.arm(where);
    machine().store64(bell, where.value);
    witness.expect_made(where);
    witness.arm(where);
    (void)machine().load64(bell);
    witness.expect_idle(where);
}

// PIO.

CASE(pio, an_out_makes_the_call, core_loopback, "ARGO-PIO-001")
{
    const auto port = static_cast<uint16_t>(offered(ARGO_MECHANISM_PIO).ebx);
    expect_calls_by([&](Gpa where) { machine().out32(port, number_of(where)); });
}

CASE(pio, an_out_without_a_frame_is_nothing, core_loopback, "ARGO-PIO-002")
{
    const auto port = static_cast<uint16_t>(offered(ARGO_MECHANISM_PIO).ebx);
    Witness witness;
    const Gpa where = frames();
    witness.arm(where);
    machine().out32(port, static_cast<uint32_t>(lead().bad_gpa() >> frame_shift));
    machine().out32(port, UINT32_MAX);
    machine().out32(port, UINT32_C(1) << 31 | number_of(where));
    // The address itself is another frame's number.
    machine().out32(port, static_cast<uint32_t>(where.value));
    witness.expect_idle(where);
    machine().out32(port, number_of(where));
    witness.expect_made(where);
}

CASE(pio, outs_of_other_widths_are_nothing, core_loopback, "ARGO-PIO-003")
{
    const auto port = static_cast<uint16_t>(offered(ARGO_MECHANISM_PIO).ebx);
    Witness witness;
    const Gpa where = frames();
    witness.arm(where);
    machine().out32(port, number_of(where)); // A call that might be repeated by mistake.
    witness.expect_made(where);
    witness.arm(where);
    machine().out8(port, static_cast<uint8_t>(number_of(where)));
    machine().out16(port, static_cast<uint16_t>(number_of(where)));
    witness.expect_idle(where);
}

CASE(pio, an_in_is_nothing, core_loopback, "ARGO-PIO-004")
{
    const auto port = static_cast<uint16_t>(offered(ARGO_MECHANISM_PIO).ebx);
    Witness witness;
    const Gpa where = frames();
    witness.arm(where);
    machine().out32(port, number_of(where));
    witness.expect_made(where);
    witness.arm(where);
    (void)machine().in32(port);
    witness.expect_idle(where);
}

// VMCALL and CPUID: registers.

namespace {

constexpr uint64_t marked = UINT64_C(0xa5a5000000000000);

/// Registers for the call that the witness's frame describes, those that it does not use marked.
platform::Registers registers_for(const argo_frame& frame, uint64_t number)
{
    platform::Registers r{};
    uint64_t mark = marked;
    for (uint64_t* each : {&r.rbx, &r.rcx, &r.rbp, &r.r9, &r.r11, &r.r12, &r.r13, &r.r14, &r.r15})
        *each = ++mark;
    r.rax = number;
    r.rdi = frame.op;
    r.rsi = frame.arg[0];
    r.rdx = frame.arg[1];
    r.r10 = frame.arg[2];
    r.r8 = frame.arg[3];
    return r;
}

/// The registers but RAX are these.
void expect_same_but_rax(platform::Registers found, const platform::Registers& expected)
{
    found.rax = expected.rax;
    expect_eq(std::memcmp(&found, &expected, sizeof found), 0);
}

} // namespace

CASE(vmcall, the_instruction_makes_the_call, core_loopback, "ARGO-VMCALL-001", "ARGO-VMCALL-002")
{
    // A call that succeeds, and one that fails: RAX has the result, and nothing else was touched.
    const auto mechanism = offered(ARGO_MECHANISM_VMCALL);
    Witness witness;
    argo_frame failing = witness.frame();
    failing.arg[0] = lead().bad_gpa();
    for (const auto& [frame, result] : {std::pair{failing, -int64_t{ARGO_EFAULT}}, {witness.frame(), 0}}) {
        row("expected", result);
        const auto before = registers_for(frame, mechanism.ebx);
        auto after = before;
        expect(machine().execute_vmcall(mechanism.ecx, after));
        expect_eq(static_cast<int64_t>(after.rax), result);
        expect_same_but_rax(after, before);
    }
    witness.expect_called();
}

CASE(vmcall, another_number_is_no_call, core_loopback, "ARGO-VMCALL-004")
{
    const auto mechanism = offered(ARGO_MECHANISM_VMCALL);
    Witness witness;
    for (const uint64_t number : {uint64_t{mechanism.ebx} + 1, uint64_t{mechanism.ebx} ^ 0x80000000,
                                  mechanism.ebx | UINT64_C(1) << 32, UINT64_C(0), UINT64_MAX}) {
        if (number == mechanism.ebx) continue;
        row("number", number);
        auto registers = registers_for(witness.frame(), number);
        machine().execute_vmcall(mechanism.ecx, registers);
        expect_ne(registers.rax, 0u); // Not the result of this call ...
        witness.expect_not_called();  // ... since there was none.
    }
}

CASE(vmcall, high_bits_of_the_word_are_zero, core_loopback, "ARGO-VMCALL-005")
{
    const auto mechanism = offered(ARGO_MECHANISM_VMCALL);
    Witness witness;
    for (uint32_t bit = 32; bit < 64; bit++) {
        row("bit", bit);
        auto registers = registers_for(witness.frame(), mechanism.ebx);
        registers.rdi |= UINT64_C(1) << bit;
        expect(machine().execute_vmcall(mechanism.ecx, registers));
        expect_error(static_cast<int64_t>(registers.rax), ARGO_EINVAL);
    }
    witness.expect_not_called();
}

CASE(cpuid, the_leaf_makes_the_call, core_loopback, "ARGO-CPUID-001")
{
    const auto mechanism = offered(ARGO_MECHANISM_CPUID);
    Witness witness;
    argo_frame failing = witness.frame();
    failing.arg[0] = lead().bad_gpa();
    for (const auto& [frame, result] : {std::pair{failing, -int64_t{ARGO_EFAULT}}, {witness.frame(), 0}}) {
        row("expected", result);
        auto expected = registers_for(frame, mechanism.ebx);
        auto after = expected;
        expected.rbx = expected.rcx = expected.rdx = 0;
        machine().execute_cpuid(after);
        expect_eq(static_cast<int64_t>(after.rax), result);
        expect_same_but_rax(after, expected);
    }
    witness.expect_called();
}

CASE(cpuid, high_bits_of_the_word_are_zero, core_loopback, "ARGO-CPUID-003")
{
    const auto mechanism = offered(ARGO_MECHANISM_CPUID);
    Witness witness;
    for (uint32_t bit = 32; bit < 64; bit++) {
        row("bit", bit);
        auto registers = registers_for(witness.frame(), mechanism.ebx);
        registers.rdi |= UINT64_C(1) << bit;
        machine().execute_cpuid(registers);
        expect_error(static_cast<int64_t>(registers.rax), ARGO_EINVAL);
    }
    witness.expect_not_called();
}
