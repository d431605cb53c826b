// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The hypervisor that the engine is fuzzed in: domains with a few pages of memory each, of which pages come
// and go; a policy that is a number; a memory of its own that may run out.
#pragma once

#include "argo/abi.h"
#include "engine/engine.hpp"

#include <array>
#include <atomic>
#include <compare>
#include <memory>
#include <mutex>
#include <vector>

namespace argo::fuzz {

using engine::Access;

constexpr uint64_t page_size = ARGO_PAGE_SIZE;
constexpr uint32_t low_pages = 12;        // from gfn 0 on
constexpr uint32_t pages = low_pages + 1; // and one at the end of the address space
constexpr uint64_t last_gfn = UINT64_MAX / page_size;
constexpr uint32_t vcpus[] = {0, 1, 5}; // x2APIC IDs

constexpr uint32_t vcpus_at_once = 2;

/// What a guest may do with each of its pages.
enum class Rights : uint8_t
{
    write,
    read,
    nothing
};

/// Which page a gfn is; `pages` if none.
constexpr uint32_t page_index(uint64_t gfn) noexcept
{
    if (gfn == last_gfn) return low_pages;
    return gfn < low_pages ? static_cast<uint32_t>(gfn) : pages;
}

constexpr bool permits(Rights rights, Access access) noexcept
{
    return rights == Rights::write || (rights == Rights::read && access == Access::read);
}

/// Whether policy number `policy` allows it. Zero allows everything; each other denies about a fifth.
bool allows(uint32_t policy, const engine::PolicyQuestion&) noexcept;

/// An event, as it reached a domain.
struct Event
{
    uint16_t domid, index;
    uint32_t kind;
    uint64_t target, value;
    auto operator<=>(const Event&) const = default;
};

/// A domain's memory: each page a piece of its own, so that a step beyond one is seen; but for the window,
/// whose pages are adjacent.
class Guest
{
  public:
    Guest(uint16_t domid, uint32_t window);

    std::byte* page(uint32_t index) const noexcept { return pages_[index]; }
    uint32_t window() const noexcept { return window_; }
    bool in_window(uint32_t index) const noexcept { return index < window_; }

    const uint16_t domid;
    std::array<Rights, pages> rights{};
    engine::Domain* domain = nullptr;

  private:
    struct Free
    {
        void operator()(std::byte* memory) const noexcept;
    };
    using Memory = std::unique_ptr<std::byte, Free>;
    static Memory allocate(uint32_t count);

    const uint32_t window_;
    std::vector<Memory> memory_;
    std::array<std::byte*, pages> pages_{};
};

class Host final : public engine::Host
{
  public:
    void* page(engine::Domain&, uint64_t gfn, Access) noexcept override;
    void raise(engine::Domain&, const engine::Interrupt&) noexcept override;
    bool offers(engine::Domain&, uint32_t kind) noexcept override;
    bool has_vcpu(engine::Domain&, uint64_t id) noexcept override;
    bool allows(const engine::PolicyQuestion&) noexcept override;
    void* allocate(size_t bytes) noexcept override;
    void release(void* memory, size_t bytes) noexcept override;
    void relax() noexcept override;

    std::atomic<uint32_t> policy{0};
    std::atomic<int64_t> allocations_left{INT64_MAX};
    std::atomic<int64_t> looks_left{INT64_MAX}; ///< at pages, until they are all gone
    std::atomic<int64_t> allocated{0};
    std::atomic<bool> record{true};
    std::atomic<bool> jitter{false}; ///< gives way at some looks at a page, so also in the middle of copies

    /// What was raised since it was asked last, sorted.
    std::vector<Event> take_events();

  private:
    std::mutex mutex_;
    std::vector<Event> events_;
};

/// The one place that knows how the engine is called.
engine::Domain* create(engine::Engine&, Guest&);
int64_t call(engine::Engine&, Guest&, uint32_t vcpu, uint64_t word, const uint64_t (&arguments)[4],
             engine::Privilege);
bool call_frame(engine::Engine&, Guest&, uint32_t vcpu, uint64_t address, engine::Privilege);

/// Ends the process: a find.
[[noreturn]] void found(const char* what) noexcept;

/// Whether to tell each step.
bool tracing() noexcept;

} // namespace argo::fuzz
