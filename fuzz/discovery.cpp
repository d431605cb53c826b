// SPDX-License-Identifier: Apache-2.0 OR MIT
// The guest library looks for Argo on a machine whose CPUID and doorbells answer anything. The search ends,
// rings no doorbell that no block named, and believes only what query has answered. Book: spec/discovery.rst.
#include "oracle/input.hpp"

#include <argo/probe.hpp>

#include <cstdlib>

namespace {

using namespace argo;

class Liar
{
  public:
    explicit Liar(fuzz::Input input)
        : input_(input), base_(ARGO_CPUID_FIRST + input_.byte() % 4 * ARGO_CPUID_STEP)
    {
    }

    Gpa gpa(const void* p)
    {
        return Gpa{input_.rarely(8) ? input_.take<uint64_t>() : reinterpret_cast<uintptr_t>(p)};
    }
    CallPage& borrow() { return page_; }
    void give_back(CallPage&) {}
    void store32(Gpa, uint32_t) { ring(); }
    void store64(Gpa, uint64_t) { ring(); }
    void out32(uint16_t, uint32_t) { ring(); }
    bool wrmsr(uint32_t, uint64_t) { return ring(), !input_.rarely(32); }
    int64_t xen_hypercall(uint32_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t) { return answer(); }
    int64_t cpuid_call(uint32_t, const RegisterCall&) { return answer(); }
    bool vmcall(uint32_t, uint32_t, const RegisterCall&, int64_t& result)
    {
        result = answer();
        return !input_.rarely(32);
    }

    CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf)
    {
        if (++looks > 4096) std::abort();
        if (leaf == 1) return {0, 0, input_.rarely(8) ? 0 : 0x8000'0000, 0};
        if (leaf == base_)
            return {leaf + (input_.rarely(16) ? input_.byte() : 2), ARGO_CPUID_SIGNATURE_EBX,
                    ARGO_CPUID_SIGNATURE_ECX, ARGO_CPUID_SIGNATURE_EDX};
        if (leaf == base_ + ARGO_CPUID_LEAF_REVISION && !input_.rarely(32))
            return {1 | 1 << 8, input_.byte(), input_.byte(), 0};
        if (leaf == base_ + ARGO_CPUID_LEAF_MECHANISMS)
            return {subleaf < 3 || input_.rarely(128) ? 1 + input_.below(8) + (1u << 16)
                                                      : input_.take<uint32_t>(),
                    input_.take<uint32_t>(), input_.take<uint32_t>(), input_.take<uint32_t>()};
        if (!input_.rarely(4)) return {};
        return {input_.take<uint32_t>(), input_.take<uint32_t>(), input_.take<uint32_t>(),
                input_.take<uint32_t>()};
    }

    unsigned rings = 0, looks = 0;
    bool answered = false; ///< a query, with its nonce

  private:
    int64_t answer() { return ++rings, input_.rarely(64) ? input_.take<int64_t>() : -int64_t{input_.byte()}; }

    /// The answer of a hypervisor that may be none.
    void ring()
    {
        ++rings;
        argo_frame& frame = page_.frame;
        if (!input_.rarely(48))
            frame.result = input_.rarely(64) ? input_.take<int64_t>() : int64_t{sizeof(argo_info)};
        if (frame.op != ARGO_OPERATION_WORD(ARGO_OP_QUERY) || input_.rarely(64)) return;
        argo_info info = {};
        info.nonce = input_.rarely(64) ? input_.take<uint64_t>() : frame.arg[2];
        info.max_ring_length = input_.take<uint32_t>();
        const uint64_t at = frame.arg[0] % ARGO_PAGE_SIZE;
        if (at + sizeof info > sizeof page_) return;
        std::memcpy(reinterpret_cast<uint8_t*>(&page_) + at, &info, sizeof info);
        answered = answered || info.nonce == frame.arg[2];
    }

    fuzz::Input input_;
    const uint32_t base_;
    CallPage page_{};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    fuzz::Input input(data, size);
    const auto preferred = static_cast<uint16_t>(input.rarely(64) ? input.below(9) : 0);
    Liar machine(input);
    Discovery report;
    const auto found = probe(machine, Preference{preferred, 1}, &report);
    if (report.count > Discovery::max_candidates) std::abort();
    // The doorbells of one block, once each, and what Xen's own interface takes.
    if (report.count == 0 && machine.rings != 0) std::abort();
    bool confirmed = false;
    for (uint32_t i = 0; i < report.count; ++i) confirmed = confirmed || report.candidates[i].confirmed();
    if (found && !confirmed) std::abort();
    return 0;
}
