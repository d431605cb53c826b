// SPDX-License-Identifier: MIT
//
// What a kernel provides: a handful of functions, in any class that has them. Everything else in this library
// is built on these; there is no other way to the outside. Book: chapters discovery and call.
#pragma once

#include <argo/types.hpp>

namespace argo {

/// What CPUID leaves in the registers.
struct CpuidRegisters
{
    uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

/// Memory for one call in flight: the frame that the doorbell passes, and room for the structures it refers
/// to. One page, so that a single translation reaches all of it.
struct alignas(ARGO_PAGE_SIZE) CallPage
{
    argo_frame frame;
    uint8_t arguments[ARGO_PAGE_SIZE - sizeof(argo_frame)];
};
static_assert(sizeof(CallPage) == ARGO_PAGE_SIZE);

namespace detail {
template <class T, class U>
inline constexpr bool same = false;
template <class T>
inline constexpr bool same<T, T> = true;
} // namespace detail

/// What this library asks of a kernel, on every architecture:
///
///   Gpa gpa(const void* p)
///       Guest-physical address of the byte at p, relied upon up to the end of p's 4 KiB page only. Where
///       memory is private by default it is shared memory, and the address carries no encryption bit.
///
///   CallPage& borrow()
///   void give_back(CallPage&)
///       A page that nobody else uses in between: one for each call in flight. Usually one per CPU, with
///       preemption off; an interrupt handler that makes calls and may interrupt a call needs another.
///       borrow() cannot fail: where the pages may run out, wait in it.
///
///   void store32(Gpa, uint32_t)
///   void store64(Gpa, uint64_t)
///       One store of that width to the MMIO doorbell at that address, which the kernel maps uncached, after
///       all earlier stores to memory. store64 is needed only where pointers have 64 bits.
///
/// Whatever in this library takes a Machine is as thread-safe as these functions are.
template <class M>
concept Machine = requires(M& m, const void* p, CallPage& page, Gpa gpa, uint32_t v32, uint64_t v64)
{
    requires detail::same<decltype(m.gpa(p)), Gpa>;
    requires detail::same<decltype(m.borrow()), CallPage&>;
    m.give_back(page);
    m.store32(gpa, v32);
    requires sizeof(void*) < 8 || requires { m.store64(gpa, v64); };
};

/// What it asks on x86 besides; argo/x86.hpp has the instructions:
///
///   CpuidRegisters cpuid(uint32_t leaf, uint32_t subleaf)
///   bool wrmsr(uint32_t index, uint64_t value)
///       Survives #GP: returns false if it was raised (ARGO-DISCOVERY-012).
///   void out32(uint16_t port, uint32_t value)
template <class M>
concept X86Machine = Machine<M> && requires(M& m, uint16_t port, uint32_t v32, uint64_t v64)
{
    requires detail::same<decltype(m.cpuid(v32, v32)), CpuidRegisters>;
    requires detail::same<decltype(m.wrmsr(v32, v64)), bool>;
    m.out32(port, v32);
};

/// A call that needs no frame, as it stands in registers.
struct RegisterCall
{
    uint32_t word;   ///< operation word
    uint64_t arg[4]; ///< arguments
};

/// What it may offer on 64-bit x86 besides, so that mechanism VMCALL can be used:
///
///   bool vmcall(uint32_t instruction, uint32_t number, const RegisterCall& call, int64_t& result)
///       VMCALL where `instruction` is 1, VMMCALL where it is 2. Survives #UD: returns false if it was
///       raised.
template <class M>
concept VmcallMachine = X86Machine<M> && sizeof(void*) >= 8 &&
                        requires(M& m, uint32_t v32, const RegisterCall& call, int64_t& result)
{
    requires detail::same<decltype(m.vmcall(v32, v32, call, result)), bool>;
};

/// The same for mechanism CPUID:
///
///   int64_t cpuid_call(uint32_t leaf, const RegisterCall& call)
template <class M>
concept CpuidCallMachine = X86Machine<M> && sizeof(void*) >= 8 &&
                           requires(M& m, uint32_t v32, const RegisterCall& call)
{
    requires detail::same<decltype(m.cpuid_call(v32, call)), int64_t>;
};

/// What it asks of a guest of Xen besides; one that lacks it uses the other mechanisms:
///
///   int64_t xen_hypercall(uint32_t number, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
///       The result as it stands in the register. Addresses among the arguments are linear ones.
///
/// A PV guest's gpa() gives machine addresses, since that is what its frame lists are made of.
template <class M>
concept XenMachine = Machine<M> && requires(M& m, uint32_t number, uint64_t a)
{
    requires detail::same<decltype(m.xen_hypercall(number, a, a, a, a, a)), int64_t>;
};

/// Holds a call page for the length of a scope.
template <Machine M>
class Borrowed
{
  public:
    explicit Borrowed(M& machine) : machine_(machine), page_(machine.borrow()) {}
    ~Borrowed() { machine_.give_back(page_); }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;

    CallPage& operator*() const { return page_; }
    CallPage* operator->() const { return &page_; }

  private:
    M& machine_;
    CallPage& page_;
};

} // namespace argo
