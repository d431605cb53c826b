// SPDX-License-Identifier: Apache-2.0 OR MIT
// The devices behind I/O ports.
#include "guest.hpp"

#include <gmock/gmock.h>

namespace argo::kvm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Uart, prints_what_a_driver_that_polls_sends)
{
    Uart uart;
    EXPECT_EQ(uart.write(3, 0x80), std::nullopt); // divisor latch
    EXPECT_EQ(uart.write(0, 1), std::nullopt);    // 115200 baud
    EXPECT_EQ(uart.write(1, 0), std::nullopt);
    EXPECT_EQ(uart.read(0), 1);
    EXPECT_EQ(uart.read(1), 0);
    EXPECT_EQ(uart.write(3, 0x03), std::nullopt); // 8 bits, no parity
    EXPECT_EQ(uart.read(3), 0x03);
    EXPECT_EQ(uart.read(5) & 0x20, 0x20) << "ready for a byte";
    EXPECT_EQ(uart.read(5) & 0x01, 0) << "none received";
    EXPECT_EQ(uart.write(0, 'x'), 'x');
}

TEST(Uart, looks_like_one_to_who_probes)
{
    Uart uart;
    EXPECT_EQ(uart.write(7, 0x5a), std::nullopt); // the scratch register reads back
    EXPECT_EQ(uart.read(7), 0x5a);
    EXPECT_EQ(uart.write(1, 0x0f), std::nullopt);
    EXPECT_EQ(uart.read(1), 0x0f);
    EXPECT_EQ(uart.read(2) & 1, 1) << "no interrupt pending";
    EXPECT_EQ(uart.read(0), 0);
}

TEST(Devices, take_single_bytes)
{
    Lines lines;
    Devices devices({}, "a", lines);
    EXPECT_TRUE(devices.write(Devices::debug_port, 1, 'x'));
    EXPECT_TRUE(devices.write(Devices::debug_port, 4, 'y'));
    EXPECT_TRUE(devices.write(Uart::base, 2, 'z'));
    EXPECT_TRUE(devices.write(Uart::base, 1, 'u'));
    EXPECT_TRUE(devices.write(Devices::exit_port, 4, 0)) << "only a byte ends the guest";
    EXPECT_TRUE(devices.write(0x80, 1, 0)) << "nobody there";
    devices.flush();
    EXPECT_THAT(lines.lines(), ElementsAre("[a] u", "[a] x"));
    EXPECT_FALSE(devices.write(Devices::exit_port, 1, 0));
}

TEST(Devices, can_be_found_by_reading)
{
    Lines lines;
    Devices both({}, "a", lines);
    EXPECT_EQ(both.read(Devices::debug_port, 1), 0xe9u);
    EXPECT_EQ(both.read(Uart::base + 5, 1), 0x60u);
    EXPECT_EQ(both.read(Uart::base + 5, 4), 0xffffffffu);
    EXPECT_EQ(both.read(0x80, 1), 0xffffffffu);

    Devices none({false, false}, "a", lines);
    EXPECT_EQ(none.read(Devices::debug_port, 1), 0xffffffffu);
    EXPECT_EQ(none.read(Uart::base + 5, 1), 0xffffffffu);
    EXPECT_TRUE(none.write(Devices::debug_port, 1, '\n'));
    EXPECT_TRUE(none.write(Uart::base, 1, '\n'));
    EXPECT_THAT(lines.lines(), IsEmpty());
}

} // namespace
} // namespace argo::kvm
