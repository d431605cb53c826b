// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the benchmarks run on: domains whose memory is one flat memfd each, and a host that finds pages in it
// by adding, allows everything, and counts events or wakes who sleeps for them.
#pragma once

#include "argo/abi.h"
#include "engine/host.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace argo::bench {

constexpr uint32_t page_size = ARGO_PAGE_SIZE;

/// The memory of a domain, from guest-physical address 0 on, and the events that reached it.
class Guest
{
  public:
    /// Throws std::system_error when the machine has no such memory.
    explicit Guest(size_t bytes);
    ~Guest();
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    /// Guest-physical address of memory that nobody else uses, at a multiple of up to a page.
    /// Throws std::length_error when there is none.
    uint64_t allocate(size_t bytes, size_t align = 64);

    template <class T = std::byte>
    T* at(uint64_t gpa) const noexcept
    {
        return reinterpret_cast<T*>(base_ + gpa);
    }

    size_t bytes() const noexcept { return bytes_; }

    void* page(uint64_t gfn) const noexcept
    {
        return gfn < bytes_ / page_size ? base_ + gfn * page_size : nullptr;
    }

    void raise() noexcept;
    uint32_t events() const noexcept { return events_.load(std::memory_order_acquire); }

    /// Sleeps until there were more events than `seen`; returns how many there were.
    uint32_t wait(uint32_t seen) noexcept;

  private:
    const size_t bytes_;
    std::byte* const base_;
    uint64_t low_ = 0; // pages are taken from below, what is smaller from above
    uint64_t high_;
    alignas(64) std::atomic<uint32_t> events_{0};
    std::atomic<bool> sleeps_{false};
};

/// Contexts of domains are their Guests.
class Host final : public engine::Host
{
  public:
    void* page(engine::Domain& domain, uint64_t gfn, engine::Access) noexcept override
    {
        return guest(domain).page(gfn);
    }
    void raise(engine::Domain& domain, const engine::Interrupt&) noexcept override { guest(domain).raise(); }
    bool offers(engine::Domain&, uint32_t) noexcept override { return true; }
    bool has_vcpu(engine::Domain&, uint64_t) noexcept override { return true; }
    bool allows(const engine::PolicyQuestion&) noexcept override { return true; }
    void* allocate(size_t bytes) noexcept override;
    void release(void* memory, size_t bytes) noexcept override;
    void relax() noexcept override;

    static Guest& guest(const engine::Domain& domain) noexcept
    {
        return *static_cast<Guest*>(domain.context());
    }
};

} // namespace argo::bench
