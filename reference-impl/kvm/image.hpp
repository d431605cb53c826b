// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a domain boots: a 64-bit ELF file for x86 that says in a Xen note where a 32-bit entry is (PVH).
// Linux, Xen's own test kernels and the conformance image are such files. A file is believed in nothing: each
// number is checked.
#pragma once

#include "kvm/memory.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace argo::kvm {

/// A piece of the image. In memory zeroes follow the bytes.
struct Segment
{
    uint64_t address; ///< guest-physical
    uint64_t size;    ///< bytes in memory
    std::span<const std::byte> bytes;
};

struct Image
{
    uint32_t entry;                ///< guest-physical address of the first instruction
    std::vector<Segment> segments; ///< by address; they do not overlap
    std::shared_ptr<const std::vector<char>> file =
        {}; ///< holds their bytes, when they come from a file on disk

    /// Throws Failure(Exit::usage) when this is no such file. `name` stands for it in the sentence. The
    /// segments refer to `file`, which outlives the image.
    static Image parse(std::span<const std::byte> file, const std::string& name);
    /// The same of a file on disk, and whether a guest with so much memory can hold it.
    static Image read(const std::string& path, uint64_t memory_size);

    /// Throws Failure(Exit::usage) when a segment lies outside what is left to it of so much memory.
    void check_fits(uint64_t memory_size, const std::string& name) const;
    /// Copies the segments. They fit.
    void place(const GuestMemory& memory) const noexcept;
};

} // namespace argo::kvm
