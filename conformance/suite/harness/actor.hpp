// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A domain as a case sees it: something that makes calls, has memory and hears events. The lead acts
// directly; every other domain through its agent, which has no knowledge of any case: it writes, calls, reads
// and waits as it is told. So a case is written once, in one place, whichever domain does what.
#pragma once

#include <argo/abi.h>
#include <argo/types.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace argo::suite {

using argo::Domid;
using argo::Gpa;

/// Bytes to send or to write: a text without its NUL, an object's bytes, a span.
class Bytes
{
  public:
    constexpr Bytes() = default;
    constexpr Bytes(const void* data, size_t size) : data_(data), size_(size) {}
    constexpr Bytes(std::span<const uint8_t> bytes) : data_(bytes.data()), size_(bytes.size()) {}
    template <size_t n>
    constexpr Bytes(const char (&text)[n]) : data_(text), size_(n - 1)
    {
    }
    template <size_t n>
    constexpr Bytes(const uint8_t (&bytes)[n]) : data_(bytes), size_(n)
    {
    }

    const uint8_t* data() const { return static_cast<const uint8_t*>(data_); }
    constexpr size_t size() const { return size_; }
    constexpr bool empty() const { return size_ == 0; }
    Bytes from(size_t offset) const { return {data() + offset, size_ - offset}; }
    Bytes first(size_t size) const { return {data_, size}; }

  private:
    const void* data_ = nullptr;
    size_t size_ = 0;
};

/// One turn of a domain's hands: write, then call, then read; each is optional.
struct Turn
{
    Gpa write_to{};
    Bytes write{};
    bool call = false;
    uint32_t word = 0; ///< whole operation word
    uint64_t arguments[4] = {};
    Gpa read_from{};
    std::span<uint8_t> read{};
    bool upstream = false; ///< the call is one of major 0, by Xen's hypercall, whatever major the word names
};

/// Events of binding 0 come as this vector: the harness makes that binding in every domain, where VECTOR is
/// offered, before each case. Cases may make others, with vectors free_vector to free_vector + 15.
inline constexpr uint8_t event_vector = 0x50;
inline constexpr uint8_t free_vector = 0x60;
/// What major 0 has in place of bindings: Xen's VIRQ_ARGO, by its number there. For cases of profile
/// upstream.
inline constexpr uint8_t upstream_vector = 11;

class Actor
{
  public:
    Actor(const Actor&) = delete;
    Actor& operator=(const Actor&) = delete;

    /// "lead", "peer", "third", "crowd".
    const char* role() const { return role_; }
    Domid domid() const { return domid_; }
    /// What query told this domain when it started.
    const argo_info& info() const { return info_; }
    bool has(uint64_t feature) const { return (info_.features & feature) == feature; }
    /// Target of a LAPIC binding that means this domain's (first) vCPU.
    uint64_t vcpu() const { return vcpu_; }

    /// A raw call of major 1 / with a whole operation word. The result as the hypervisor gave it: zero or
    /// more, or a negated ARGO_E*.
    int64_t call(uint32_t operation, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0)
    {
        return call_word(ARGO_OPERATION_WORD(operation), a0, a1, a2, a3);
    }
    int64_t call_word(uint32_t word, uint64_t a0 = 0, uint64_t a1 = 0, uint64_t a2 = 0, uint64_t a3 = 0);
    /// Write, call, read in one exchange with the domain; what the helpers in calls.hpp are made of. The
    /// call's result.
    virtual int64_t perform(const Turn&) = 0;
    /// The same in two steps, so that another domain's call runs at the same time as the lead's: see Pending.
    /// Nothing is read back, and what is written is small. Until finish() the domain is asked for nothing
    /// else. The lead has but one pair of hands: its turn is over when begin() returns.
    virtual void begin(const Turn&) = 0;
    virtual int64_t finish() = 0;

    /// Whether it may be asked for something now, and is likely to answer.
    virtual bool idle() const = 0;

    /// Zeroed memory of this domain, freed after the case. `align` is a power of two; the address is `offset`
    /// bytes after a multiple of `align`, so that alloc(16, 4096, 4088) straddles a page. ERROR when there is
    /// no more.
    Gpa alloc(size_t bytes, size_t align = 16, size_t offset = 0);
    /// Pages still free.
    size_t free_pages() const;
    /// First address beyond the domain's memory.
    uint64_t bad_gpa() const { return memory_end_; }

    void write(Gpa to, const void* data, size_t size);
    void read(Gpa from, void* data, size_t size);
    template <class T>
    requires std::is_trivially_copyable_v<T>
    void store(Gpa to, const T& value) { write(to, &value, sizeof value); }
    template <class T>
    requires std::is_trivially_copyable_v<T> T load(Gpa from)
    {
        T value;
        read(from, &value, sizeof value);
        return value;
    }

    /// Bulk work done by the domain itself, however large. Patterns: pattern.hpp.
    virtual void fill_pattern(Gpa to, size_t size, uint64_t seed, uint64_t first = 0) = 0;
    /// Offset of the first byte that differs from the pattern; `size` when none does.
    virtual size_t find_mismatch(Gpa from, size_t size, uint64_t seed, uint64_t first = 0) = 0;
    /// `count` 64-bit words at `to`: first, first + 1, ... starting over after `period` of them.
    virtual void fill_series(Gpa to, size_t count, uint64_t first, size_t period) = 0;

    /// How often the interrupt was taken since the domain started.
    virtual uint32_t events(uint8_t vector) = 0;
    /// Wait, within the time limit, until events(vector) is another number than `beyond`. Whether it came.
    virtual bool wait_event(uint8_t vector, uint32_t beyond) = 0;
    /// Wait a grace time for what must not come. Whether events(vector) is still `since`.
    virtual bool stays_quiet(uint8_t vector, uint32_t since) = 0;

    /// Helpers take memory for their arguments and give it back: everything allocated while a Frame lives.
    class Frame
    {
      public:
        explicit Frame(Actor& actor) : actor_(actor), top_(actor.top_) {}
        ~Frame() { actor_.top_ = top_; }
        Frame(const Frame&) = delete;

      private:
        Actor& actor_;
        size_t top_;
    };

    /// As alloc(), without zeroing: for what is written at once.
    Gpa take(size_t bytes, size_t align = 16, size_t offset = 0);

  protected:
    Actor(const char* role, Domid domid) : role_(role), domid_(domid) {}
    ~Actor() = default;

    virtual void zero(Gpa, size_t) = 0;

    const char* role_;
    Domid domid_;
    argo_info info_{};
    uint64_t vcpu_ = 0;
    uint64_t memory_end_ = 0;
    uint64_t base_ = 0; ///< gpa of the scratch memory
    size_t size_ = 0;   ///< its bytes
    size_t top_ = 0;    ///< offset of the first free byte
    size_t dirty_ = 0;  ///< the highest `top_` since the last cleaning: below it, memory may not be zero
};

/// This domain. The others leave the case with SKIP when the run has no such domain, and with ERROR when it
/// is there but does not answer.
Actor& lead();
Actor& peer();
Actor& third();
/// Minimal domains for limits that need many: crowd(0) to crowd(crowd_size() - 1).
size_t crowd_size();
Actor& crowd(size_t index);

/// A domain's number, however a case has it: open_ring(lead(), 7, peer(), 4032).
struct Who
{
    uint16_t value;
    constexpr Who(uint16_t number) : value(number) {}
    constexpr Who(Domid domid) : value(static_cast<uint16_t>(domid)) {}
    Who(const Actor& actor) : Who(actor.domid()) {}
};

/// Reproducible noise: the run's seed and the case's name decide it, not which cases ran before.
uint64_t random();
/// Below `bound`, which is not zero.
uint64_t random_below(uint64_t bound);

} // namespace argo::suite
