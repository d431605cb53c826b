// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the loader said of memory, and the memory that the suite gets: behind the image, where nobody else is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace argo::guest {

/// Command line and memory as the loader left them, copied before anything is overwritten.
struct BootInformation
{
    char command_line[2048] = {};
    uint64_t memory_end = 0;       ///< end of the highest memory
    uint64_t image_memory_end = 0; ///< end of the memory that the image lies in
};

/// `how` and `where` are what the entry code had in hand: BOOTED_BY_*, and the address of the loader's
/// structure. Impossible ones are a panic.
BootInformation read_boot_information(uint32_t how, uint32_t where);

/// Zeroed pages behind the image, at most `most` bytes.
std::span<uint8_t> memory_behind_image(const BootInformation&, size_t most);

/// Make a device's address usable. Below 4 GiB everything is.
void map_device(uint64_t address);

} // namespace argo::guest
