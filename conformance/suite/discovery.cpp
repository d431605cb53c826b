// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// discovery: what CPUID tells, that it is true, and what the
// guest library makes of what is not. Book: spec/discovery.rst.

#include "frames.hpp"

using namespace argo::suite;

namespace {

constexpr uint32_t hypervisor_bit = UINT32_C(1) << 31;

argo::CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf = 0)
{
    return platform::machine().cpuid(leaf, subleaf);
}

bool is_argo(const argo::CpuidRegisters& head)
{
    return head.ebx == ARGO_CPUID_SIGNATURE_EBX && head.ecx == ARGO_CPUID_SIGNATURE_ECX &&
           head.edx == ARGO_CPUID_SIGNATURE_EDX;
}

/// Base of the first block with the signature; the case is left when there is none.
uint32_t base_of_block()
{
    if (lead().info().major == 0) not_supported("the hypervisor speaks major 0, which has no block");
    for (uint32_t base = ARGO_CPUID_FIRST; base <= ARGO_CPUID_LAST; base += ARGO_CPUID_STEP)
        if (is_argo(cpuid(base))) return base;
    require(false && "there is a block that reads ArgoArgoArgo");
    return 0;
}

argo::CpuidRegisters entry(uint32_t base, uint32_t index)
{
    return cpuid(base + ARGO_CPUID_LEAF_MECHANISMS, index);
}

/// More mechanisms than anybody will ever have.
constexpr uint32_t far = 64;

} // namespace

CASE(discovery, a_hypervisor_says_that_it_is_one, core_loopback, "ARGO-DISCOVERY-001")
{
    expect((cpuid(1).ecx & hypervisor_bit) != 0);
}

CASE(discovery, one_block_is_argos, core_loopback, "ARGO-DISCOVERY-002")
{
    if (lead().info().major == 0) not_supported("the hypervisor speaks major 0, which has no block");
    uint32_t blocks = 0;
    for (uint32_t base = ARGO_CPUID_FIRST; base <= ARGO_CPUID_LAST; base += ARGO_CPUID_STEP)
        blocks += is_argo(cpuid(base));
    expect_eq(blocks, 1u);
}

CASE(discovery, the_base_leaf_tells_the_last, core_loopback, "ARGO-DISCOVERY-003")
{
    const uint32_t base = base_of_block();
    expect(cpuid(base).eax >= base + ARGO_CPUID_LEAF_MECHANISMS);
    expect(cpuid(base).eax < base + ARGO_CPUID_STEP); // The next block is somebody else's.
}

CASE(discovery, the_revision_leaf_tells_the_majors, core_loopback, "ARGO-DISCOVERY-004", "ARGO-QUERY-006")
{
    const auto leaf = cpuid(base_of_block() + ARGO_CPUID_LEAF_REVISION);
    const uint32_t lowest = leaf.eax & 0xff, highest = leaf.eax >> 8 & 0xff, minor = leaf.eax >> 16;
    expect(lowest <= ARGO_ABI_MAJOR && ARGO_ABI_MAJOR <= highest); // Or else nobody would run this here.
    expect_eq(leaf.edx, 0u);
    if (highest == ARGO_ABI_MAJOR) expect_eq(minor, lead().info().minor);

    // It is so: this major is answered, and the ones beside the range are not.
    expect_eq(lead().call_word(ARGO_OP_NOTIFY | ARGO_ABI_MAJOR << 16), 0);
    expect_error(lead().call_word(ARGO_OP_NOTIFY | (highest + 1) << 16), ARGO_EOPNOTSUPP);
}

CASE(discovery, every_major_of_the_range_is_there, core_loopback, "ARGO-DISCOVERY-004")
{
    // A major may be offered by some mechanisms alone. Where this suite cannot use all of them, nobody knows.
    const argo::Discovery found = discover();
    bool all_used = true;
    for (uint32_t i = 0; i < found.count; i++) all_used = all_used && found.candidates[i].confirmed();
    if (!all_used) not_supported("there are mechanisms that this suite cannot use");
    for (uint32_t major = found.lowest_major; major <= found.highest_major; major++) {
        bool answered = false;
        argo_frame frame = frame_for(ARGO_OP_NOTIFY);
        frame.op = ARGO_OP_NOTIFY | major << 16;
        by_each_mechanism([&](const argo::Mechanism& mechanism) {
            answered = answered || call_by_hand(mechanism, frame).result != -int64_t{ARGO_EOPNOTSUPP};
        });
        row("major", major);
        expect(answered);
    }
}

CASE(discovery, the_revision_leaf_tells_the_implementation, core_loopback, "ARGO-DISCOVERY-005")
{
    const auto leaf = cpuid(base_of_block() + ARGO_CPUID_LEAF_REVISION);
    argo_info answer{};
    require_ok(query(lead(), answer));
    expect_eq(leaf.ebx, answer.implementation);
    expect_eq(leaf.ecx, answer.implementation_version);
    expect_ne(leaf.ebx, 0u);
}

CASE(discovery, mechanisms_are_listed_with_their_parameters, core_loopback, "ARGO-DISCOVERY-006")
{
    const uint32_t base = base_of_block();
    uint32_t known = 0;
    for (uint32_t i = 0; i < far && entry(base, i).eax != 0; i++) {
        const auto leaf = entry(base, i);
        const uint32_t id = leaf.eax & 0xffff, revision = leaf.eax >> 16;
        row("entry", i, "mechanism", id, "revision", revision);
        expect_ne(id, 0u);
        expect_ne(revision, 0u);
        if (revision != 1) continue;
        // What revision 1 of each has in its registers, and zero in the others.
        switch (id) {
        case ARGO_MECHANISM_MSR: expect_eq(leaf.ecx | leaf.edx, 0u); break;
        case ARGO_MECHANISM_MMIO:
            expect_eq(leaf.ebx % 8, 0u);
            expect_eq(leaf.edx, 0u);
            break;
        case ARGO_MECHANISM_PIO:
            expect(leaf.ebx <= 0xffff);
            expect_eq(leaf.ecx | leaf.edx, 0u);
            break;
        case ARGO_MECHANISM_VMCALL:
            expect(leaf.ecx == 1 || leaf.ecx == 2);
            expect_eq(leaf.edx, 0u);
            break;
        case ARGO_MECHANISM_CPUID: expect_eq(leaf.ecx | leaf.edx, 0u); break;
        case ARGO_MECHANISM_XEN: expect_eq(leaf.edx, 0u); break;
        default: continue;
        }
        known++;
    }
    expect_ne(known, 0u);
}

CASE(discovery, every_mechanism_of_the_list_works, core_loopback, "ARGO-DISCOVERY-006", "ARGO-DISCOVERY-008")
{
    // The parameters are the true ones: whatever the library knows how to ring answers to it.
    const argo::Discovery found = discover();
    uint32_t tried = 0;
    for (uint32_t i = 0; i < found.count; i++) {
        if (!found.candidates[i].tried) continue;
        row("mechanism", found.candidates[i].mechanism.id);
        expect_eq(found.candidates[i].error, argo::Error::none);
        tried++;
    }
    expect_ne(tried, 0u);
}

CASE(discovery, the_list_ends, core_loopback, "ARGO-DISCOVERY-007")
{
    const uint32_t base = base_of_block();
    uint32_t end = 0;
    while (end < far && entry(base, end).eax != 0) end++;
    expect(end < far);
    expect_ne(end, 0u);
}

CASE(discovery, every_mechanism_reaches_the_same, core_loopback, "ARGO-DISCOVERY-008")
{
    // A ring that one of them registers is there for the
    // others: the same domain, the same rings, the same errors.
    const Pages page{lead().alloc(ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
    const Gpa list = lead().alloc(sizeof(uint64_t)), structure = lead().alloc(sizeof(argo_register));
    const Gpa name = lead().alloc(sizeof(argo_unregister)), info = lead().alloc(sizeof(argo_info));
    const uint16_t self = Who(lead()).value;
    lead().store(list, platform::machine().frame(frame_of(page.base)));
    lead().store(structure, argo_register{1, self, 0, one_page});
    lead().store(name, argo_unregister{1, self, 0});
    const auto enter =
        frame_for(ARGO_OP_REGISTER_RING, structure.value, list.value, 1, ARGO_REGISTER_FAIL_EXIST);
    const auto remove = frame_for(ARGO_OP_UNREGISTER_RING, name.value);

    by_each_mechanism([&](const argo::Mechanism& first) {
        expect_eq(call_by_hand(first, enter).result, 0);
        by_each_mechanism([&](const argo::Mechanism& second) {
            row("registered by", first.id, "used by", second.id);
            expect_error(call_by_hand(second, enter).result, ARGO_EEXIST);
            expect_error(call_by_hand(second, frame_for(ARGO_OP_SENDV, lead().bad_gpa())).result,
                         ARGO_EFAULT);
            expect_error(call_by_hand(second, frame_for(0x1f)).result, ARGO_EOPNOTSUPP);
            expect_eq(call_by_hand(second, frame_for(ARGO_OP_QUERY, info.value, sizeof(argo_info), 5)).result,
                      lead().call(ARGO_OP_QUERY, info.value, sizeof(argo_info), 5));
            expect_eq(lead().load<argo_info>(info).features, lead().info().features);
        });
        expect_eq(send(lead(), 1, lead(), 1, "x"), 1);
        expect_eq(call_by_hand(first, remove).result, 0);
    });
}

// Obligations of guests: the library that this suite is made with, on machines that are not what they seem.

namespace {

/// The real machine behind a CPUID that lies. It counts what is rung.
class Pretender
{
  public:
    static constexpr uint32_t most = 8;

    /// The real block's list, behind whatever is put before it.
    Pretender()
    {
        const argo::Discovery found = discover();
        base_ = found.base;
        for (uint32_t i = 0; i < found.count && i < most; i++)
            real_[reals_++] = found.candidates[i].mechanism;
        bool any = false;
        for (uint32_t i = 0; i < reals_; i++) any = any || argo::usable<Pretender>(real_[i]);
        if (!any) not_supported("no mechanism of this list is one that the case can stand in front of");
    }

    bool hypervisor = true; ///< CPUID.1:ECX[31]
    bool block = true;      ///< the signature is there
    uint32_t moved_to = 0;  ///< the block is at this base instead
    uint32_t foreign =
        0;               ///< at this base there is another interface, which shares two words of the signature
    uint32_t majors = 0; ///< lowest and highest major, if not the real ones
    bool endless = false; ///< the list goes on with unknown mechanisms
    argo::Mechanism before[most];
    uint32_t count = 0;      ///< of these
    bool real_ones = true;   ///< the true list follows
    uint32_t deaf_msr = 0;   ///< an MSR of the outer hypervisor: a write does nothing at all
    uint32_t absent_msr = 0; ///< #GP
    uint32_t liar_msr = 0;   ///< writes a result, but there was no query
    uint32_t rung = 0;       ///< doorbells of any kind
    uint32_t executed = 0;   ///< the hypercall instruction that came last

    void put(uint32_t id, uint32_t revision, uint32_t ebx, uint32_t ecx = 0)
    {
        before[count++] = {static_cast<uint16_t>(id), static_cast<uint16_t>(revision), ebx, ecx, 0};
    }

    argo::CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf)
    {
        const uint32_t shown = moved_to == 0 ? base_ : moved_to;
        if (foreign != 0 && leaf == foreign)
            return {foreign + 2, ARGO_CPUID_SIGNATURE_EBX, ARGO_CPUID_SIGNATURE_ECX, 0x12345678};
        if (shown != base_ && leaf - base_ < ARGO_CPUID_STEP) return {};
        if (leaf - shown < ARGO_CPUID_STEP) leaf = leaf - shown + base_;
        auto r = platform::machine().cpuid(leaf, subleaf);
        if (leaf == base_ && r.eax != 0) r.eax = r.eax - base_ + shown;
        if (leaf == base_ + ARGO_CPUID_LEAF_REVISION && majors != 0) r.eax = (r.eax & 0xffff0000) | majors;
        if (leaf == 1 && !hypervisor) r.ecx &= ~hypervisor_bit;
        if (leaf == base_ && !block) r.ebx = ~r.ebx;
        if (leaf == base_ + ARGO_CPUID_LEAF_MECHANISMS) {
            const argo::Mechanism* m = subleaf < count                         ? &before[subleaf]
                                       : real_ones && subleaf - count < reals_ ? &real_[subleaf - count]
                                                                               : nullptr;
            if (m == nullptr && endless) return {UINT32_C(0x10000) | (0x4000 + subleaf), 0, 0, 0};
            if (m == nullptr) return {};
            r = {m->id | uint32_t{m->revision} << 16, m->ebx, m->ecx, m->edx};
        }
        return r;
    }
    bool wrmsr(uint32_t index, uint64_t value)
    {
        rung++;
        if (index == absent_msr) return false;
        if (index == deaf_msr) return true;
        if (index == liar_msr) {
            page_->frame.result = sizeof(argo_info);
            return true;
        }
        return platform::machine().wrmsr(index, value);
    }
    void store64(Gpa where, uint64_t value)
    {
        rung++;
        platform::machine().store64(where, value);
    }
    void store32(Gpa where, uint32_t value)
    {
        rung++;
        platform::machine().store32(where, value);
    }
    void out32(uint16_t port, uint32_t value)
    {
        rung++;
        platform::machine().out32(port, value);
    }
    bool vmcall(uint32_t instruction, uint32_t number, const argo::RegisterCall& call, int64_t& result)
    {
        rung++;
        executed = instruction;
        return number != absent_msr && platform::machine().vmcall(instruction, number, call, result);
    }
    int64_t cpuid_call(uint32_t leaf, const argo::RegisterCall& call)
    {
        rung++;
        return platform::machine().cpuid_call(leaf, call);
    }
    Gpa gpa(const void* where) { return platform::machine().gpa(where); }
    argo::CallPage& borrow() { return *(page_ = &platform::machine().borrow()); }
    void give_back(argo::CallPage& page) { platform::machine().give_back(page); }

  private:
    uint32_t base_ = 0;
    argo::Mechanism real_[most];
    uint32_t reals_ = 0;
    argo::CallPage* page_ = nullptr;
};

constexpr uint32_t some_msr = 0x4b564dff;

} // namespace

CASE(discovery, the_library_skips_what_it_does_not_know, core_loopback, "ARGO-DISCOVERY-009")
{
    // A number from the future, known numbers in revisions from the future; then the real ones.
    Pretender machine;
    machine.put(0x7777, 1, some_msr);
    machine.put(ARGO_MECHANISM_MSR, 2, some_msr);
    machine.put(ARGO_MECHANISM_PIO, 0xffff, 0x80);
    machine.put(ARGO_MECHANISM_SMCCC, 1, some_msr);
    machine.deaf_msr = some_msr;
    argo::Discovery found;
    const auto hypervisor = argo::probe(machine, {}, &found);
    require(hypervisor);
    expect_eq(hypervisor->mechanism().id, discover().candidates[0].mechanism.id);
    for (uint32_t i = 0; i < 4; i++) {
        row("entry", i);
        expect(!found.candidates[i].tried); // Skipped is not tried: nothing was rung.
    }
    uint32_t tried = 0;
    for (uint32_t i = 4; i < found.count; i++) {
        row("entry", i);
        expect_eq(found.candidates[i].tried, argo::usable<Pretender>(found.candidates[i].mechanism));
        tried += found.candidates[i].tried;
    }
    expect_eq(machine.rung, tried);
}

CASE(discovery, the_library_rings_nothing_that_it_does_not_know, core_loopback, "ARGO-DISCOVERY-009")
{
    Pretender machine;
    machine.real_ones = false;
    machine.put(0x7777, 1, some_msr);
    machine.put(ARGO_MECHANISM_MSR, 2, some_msr);
    expect_eq(argo::probe(machine).error(), argo::Error::incompatible);
    expect_eq(machine.rung, 0u);
}

CASE(discovery, the_library_believes_only_answers, core_loopback, "ARGO-DISCOVERY-010")
{
    // The block of an outer hypervisor, whose doorbell reaches nobody from here; and somebody else's
    // register, who answers, but not to the question. The real mechanism behind them is found all the same.
    Pretender machine;
    machine.put(ARGO_MECHANISM_MSR, 1, some_msr);
    machine.put(ARGO_MECHANISM_MSR, 1, some_msr + 1);
    machine.deaf_msr = some_msr;
    machine.liar_msr = some_msr + 1;
    argo::Discovery found;
    expect(argo::probe(machine, {}, &found));
    expect_eq(found.candidates[0].error, argo::Error::no_answer);
    expect_eq(found.candidates[1].error, argo::Error::bad_answer);
    expect(found.candidates[2].confirmed());

    // Alone they are nothing.
    machine.real_ones = false;
    expect(!argo::probe(machine));
}

CASE(discovery, the_library_tries_nothing_without_a_block, core_loopback, "ARGO-DISCOVERY-011")
{
    Pretender machine;
    machine.block = false;
    expect_eq(argo::probe(machine).error(), argo::Error::absent);
    machine.block = true;
    machine.hypervisor = false; // Then not even the leaves may be looked at.
    expect_eq(argo::probe(machine).error(), argo::Error::absent);
    expect_eq(machine.rung, 0u);
    machine.hypervisor = true;
    expect(argo::probe(machine));
}

CASE(discovery, the_library_survives_a_fault, core_loopback, "ARGO-DISCOVERY-012")
{
    Pretender machine;
    machine.put(ARGO_MECHANISM_MSR, 1, some_msr);
    machine.absent_msr = some_msr;
    argo::Discovery found;
    const auto hypervisor = argo::probe(machine, {}, &found);
    expect(hypervisor);
    expect_eq(found.candidates[0].error, argo::Error::efault);

    // And a true one, where there is that mechanism: the handler is this machine's own.
    const argo::Discovery real = discover();
    for (uint32_t i = 0; i < real.count; i++)
        if (real.candidates[i].mechanism.id == ARGO_MECHANISM_MSR)
            expect(!platform::machine().wrmsr(real.candidates[i].mechanism.ebx, 1));
}

CASE(discovery, the_library_finds_a_block_at_any_base, core_loopback, "ARGO-DISCOVERY-002",
     "ARGO-DISCOVERY-010")
{
    // Behind the interfaces of others, and behind those of the hypervisor outside: the first base, the next
    // ones, one far out, the last. One of the others shares two words of the name.
    for (const uint32_t base : {ARGO_CPUID_FIRST, ARGO_CPUID_FIRST + ARGO_CPUID_STEP, UINT32_C(0x40000300),
                                UINT32_C(0x40008000), ARGO_CPUID_LAST}) {
        row("base", base);
        Pretender machine;
        machine.moved_to = base;
        machine.foreign = base == ARGO_CPUID_FIRST ? base + ARGO_CPUID_STEP : base - ARGO_CPUID_STEP;
        argo::Discovery found;
        const auto hypervisor = argo::probe(machine, {}, &found);
        expect(hypervisor);
        expect_eq(found.base, base);
        if (hypervisor) expect_eq(hypervisor->self(), lead().domid());
    }
}

CASE(discovery, the_library_takes_no_other_place_for_a_base, core_loopback, "ARGO-DISCOVERY-011")
{
    // Between two bases, behind the last one, and below the first.
    for (const uint32_t base :
         {UINT32_C(0x40000080), UINT32_C(0x40010000), UINT32_C(0x50000000), UINT32_C(0x100)}) {
        row("base", base);
        Pretender machine;
        machine.moved_to = base;
        expect_eq(argo::probe(machine).error(), argo::Error::absent);
        expect_eq(machine.rung, 0u);
    }
}

CASE(discovery, the_library_takes_no_other_name_for_argos, core_loopback, "ARGO-DISCOVERY-011")
{
    Pretender machine;
    machine.block = false;
    machine.foreign = ARGO_CPUID_FIRST + 4 * ARGO_CPUID_STEP;
    expect_eq(argo::probe(machine).error(), argo::Error::absent);
    expect_eq(machine.rung, 0u);
}

CASE(discovery, the_library_leaves_other_majors_alone, core_loopback, "ARGO-DISCOVERY-004",
     "ARGO-DISCOVERY-009")
{
    // Newer ones only; then ranges with this one in it.
    for (const uint32_t majors : {0x0202u, 0x0302u, 0xff02u}) {
        row("lowest", majors & 0xff, "highest", majors >> 8);
        Pretender machine;
        machine.majors = majors;
        expect_eq(argo::probe(machine).error(), argo::Error::incompatible);
        expect_eq(machine.rung, 0u);
    }
    for (const uint32_t majors : {0x0101u, 0x0201u, 0xff00u}) {
        row("lowest", majors & 0xff, "highest", majors >> 8);
        Pretender machine;
        machine.majors = majors;
        expect(argo::probe(machine));
    }
}

CASE(discovery, the_library_prefers_what_the_hypervisor_does, core_loopback, "ARGO-DISCOVERY-006",
     "ARGO-DISCOVERY-010")
{
    // The list in the other order: what stands first and works is taken. Who wishes for one of them gets that
    // one, and no other is rung.
    const argo::Discovery real = discover();
    Pretender machine;
    machine.real_ones = false;
    for (uint32_t i = real.count; i-- > 0;)
        if (machine.count < Pretender::most) machine.before[machine.count++] = real.candidates[i].mechanism;
    const auto works = [](const argo::Candidate& candidate) {
        return candidate.confirmed() && argo::usable<Pretender>(candidate.mechanism);
    };
    uint16_t last = 0;
    for (uint32_t i = 0; i < real.count; i++)
        if (works(real.candidates[i])) last = real.candidates[i].mechanism.id;
    const auto hypervisor = argo::probe(machine);
    require(hypervisor);
    expect_eq(hypervisor->mechanism().id, last);

    for (uint32_t i = 0; i < real.count; i++) {
        if (!works(real.candidates[i])) continue;
        const uint16_t wanted = real.candidates[i].mechanism.id;
        row("wanted", wanted);
        machine.rung = 0;
        const auto chosen = argo::probe(machine, {.mechanism = wanted});
        require(chosen);
        expect_eq(chosen->mechanism().id, wanted);
        expect_eq(machine.rung, 1u);
    }
    row("wanted", 0x7777);
    machine.rung = 0;
    expect_eq(argo::probe(machine, {.mechanism = 0x7777}).error(), argo::Error::incompatible);
    expect_eq(machine.rung, 0u);
}

CASE(discovery, the_library_reads_no_list_for_ever, core_loopback, "ARGO-DISCOVERY-009")
{
    // A list without an end. What works stands at its beginning, and is found; behind it there is a lot to
    // skip.
    Pretender machine;
    machine.endless = true;
    argo::Discovery found;
    expect(argo::probe(machine, {}, &found));
    expect_eq(found.count, argo::Discovery::max_candidates);
    machine.real_ones = false;
    machine.rung = 0;
    expect_eq(argo::probe(machine).error(), argo::Error::incompatible);
    expect_eq(machine.rung, 0u);
}

CASE(discovery, the_library_executes_the_instruction_named, core_loopback, "ARGO-VMCALL-003",
     "ARGO-DISCOVERY-009")
{
    // Each of the two that there are, on a processor that knows neither; one from the future is not tried.
    for (const uint32_t instruction : {1u, 2u, 0u, 3u}) {
        row("instruction", instruction);
        Pretender machine;
        machine.real_ones = false;
        machine.absent_msr = some_msr;
        machine.put(ARGO_MECHANISM_VMCALL, 1, some_msr, instruction);
        const bool known = instruction == 1 || instruction == 2;
        expect_eq(argo::probe(machine).error(), known ? argo::Error::no_answer : argo::Error::incompatible);
        expect_eq(machine.executed, known ? instruction : 0);
        expect_eq(machine.rung, known ? 1u : 0u);
    }
}
