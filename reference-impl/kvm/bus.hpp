// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a vCPU reaches outside its memory, and how a guest can end. vcpu.hpp calls it, machine.hpp is it.
#pragma once

#include <cstdint>
#include <string>

namespace argo::kvm {

/// How a guest ended.
struct End
{
    enum class Kind : uint8_t
    {
        shutdown, ///< it said so
        killed,   ///< we were told to
        crash,    ///< it did what no guest survives
        watchdog, ///< it neither halted nor needed us for too long
    };
    Kind kind;
    std::string why; ///< for crash and watchdog

    /// `shutdown`, `killed`, `crash: <why>`, `watchdog: <why>`.
    [[nodiscard]] std::string text() const;
};

/// Every function may be called by several vCPUs at once, each from its own thread.
class Bus
{
  public:
    /// What the calling vCPU knows of itself.
    class Caller
    {
      public:
        /// Its number in the guest, from 0 on.
        [[nodiscard]] virtual unsigned id() const noexcept = 0;

        /// True when the instruction was executed outside ring 0. Asked only where it matters: the answer
        /// costs a system call.
        [[nodiscard]] virtual bool in_user_mode() const = 0;

      protected:
        ~Caller() = default;
    };

    /// OUT of 1, 2 or 4 bytes.
    virtual void write_port(const Caller&, uint16_t port, unsigned size, uint32_t value) = 0;
    /// IN of 1, 2 or 4 bytes.
    virtual uint32_t read_port(uint16_t port, unsigned size) = 0;
    /// A store of 1 to 8 bytes where no memory is. Loads read ones.
    virtual void store(const Caller&, uint64_t address, unsigned size, uint64_t value) = 0;
    /// WRMSR of an MSR that KVM leaves to us. False raises #GP. RDMSR of them raises #GP, always.
    virtual bool write_msr(const Caller&, uint32_t index, uint64_t value) = 0;
    /// A hypercall of 64-bit code: RAX, RDI, and RSI, RDX, R10, R8. What RAX is then.
    virtual int64_t hypercall(const Caller&, bool user_mode, uint64_t number, uint64_t word,
                              const uint64_t (&arguments)[4]) = 0;
    /// The vCPU stops by itself, and with it the guest.
    virtual void end(End) = 0;

  protected:
    ~Bus() = default;
};

} // namespace argo::kvm
