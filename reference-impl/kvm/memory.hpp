// SPDX-License-Identifier: Apache-2.0 OR MIT
// A guest's memory: one piece from address 0 on, which ends below the hole where devices are. A guest of more
// than 3 GiB would need a second piece above 4 GiB; there is none.
#pragma once

#include "kvm/resource.hpp"

#include <cstdint>

namespace argo::kvm {

constexpr uint64_t page_size = 4096;
constexpr uint64_t mebibyte = 1024 * 1024;

/// From here to 4 GiB are interrupt controllers, doorbells and pages of KVM's own, never memory.
constexpr uint64_t device_hole = 0xc0000000;

/// Thread-safe: the addresses never change. What stands there belongs to the guest, which may change it any
/// time.
class GuestMemory
{
  public:
    static constexpr uint64_t smallest = 2 * mebibyte;
    static constexpr uint64_t largest = device_hole;

    /// `size` in bytes: whole pages, from smallest to largest. Zeroed, and taken from the host when first
    /// touched.
    explicit GuestMemory(uint64_t size)
        : mapping_(size, -1, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, "a guest's memory")
    {
    }

    [[nodiscard]] uint64_t size() const noexcept { return mapping_.bytes().size(); }
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return mapping_.bytes(); }

    /// Where a guest's page is in this process; null when the guest has no such page.
    [[nodiscard]] std::byte* page(uint64_t gfn) const noexcept
    {
        return gfn < size() / page_size ? bytes().data() + gfn * page_size : nullptr;
    }

  private:
    Mapping mapping_;
};

} // namespace argo::kvm
