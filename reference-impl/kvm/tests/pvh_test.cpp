// SPDX-License-Identifier: Apache-2.0 OR MIT
// Boot information, read as a guest reads it: at the offsets that the PVH protocol gives.
#include "kvm/pvh.hpp"

#include <gtest/gtest.h>

namespace argo::kvm {
namespace {

template <class T>
T at(const GuestMemory& memory, uint64_t address)
{
    T value;
    std::memcpy(&value, memory.bytes().data() + address, sizeof value);
    return value;
}

TEST(Pvh, boot_information_is_where_the_protocol_says)
{
    const GuestMemory memory(8 * mebibyte);
    const uint64_t start = write_start_info(memory, "role=lead");
    EXPECT_EQ(at<uint32_t>(memory, start), 0x336ec578u);
    EXPECT_EQ(at<uint32_t>(memory, start + 4), 1u) << "version";
    EXPECT_EQ(at<uint32_t>(memory, start + 12), 0u) << "modules";
    const auto command_line = at<uint64_t>(memory, start + 24);
    EXPECT_STREQ(reinterpret_cast<const char*>(memory.bytes().data() + command_line), "role=lead");
    EXPECT_EQ(at<uint64_t>(memory, start + 32), 0u) << "no ACPI";

    const auto map = at<uint64_t>(memory, start + 40);
    ASSERT_EQ(at<uint32_t>(memory, start + 48), 2u);
    EXPECT_EQ(at<uint64_t>(memory, map), 0u);
    EXPECT_EQ(at<uint64_t>(memory, map + 8), first_free_address);
    EXPECT_EQ(at<uint32_t>(memory, map + 16), 2u) << "reserved";
    EXPECT_EQ(at<uint64_t>(memory, map + 24), first_free_address);
    EXPECT_EQ(at<uint64_t>(memory, map + 32), 8 * mebibyte - first_free_address);
    EXPECT_EQ(at<uint32_t>(memory, map + 40), 1u) << "memory";
}

TEST(Pvh, all_of_it_lies_in_what_the_map_reserves)
{
    const GuestMemory memory(GuestMemory::smallest);
    const auto start = write_start_info(memory, std::string(longest_command_line, 'x'));
    const auto command_line = at<uint64_t>(memory, start + 24);
    EXPECT_EQ(at<char>(memory, command_line + longest_command_line - 1), 'x');
    EXPECT_EQ(at<char>(memory, command_line + longest_command_line), '\0');
    EXPECT_LT(command_line + longest_command_line, first_free_address);
    for (uint64_t address = first_free_address; address < memory.size(); address += 8) {
        ASSERT_EQ(at<uint64_t>(memory, address), 0u) << address;
    }
}

} // namespace
} // namespace argo::kvm
