// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Consoles.
#include "guest/console.hpp"

#include "guest/cpu.hpp"

namespace argo::guest {

namespace {

/// Bochs's and QEMU's debug port: reading it gives its own number.
constexpr uint16_t debug_port = 0xe9;

/// Registers of a 16550 at the PC's first serial port.
enum Uart : uint16_t
{
    uart_data = 0x3f8,
    uart_divisor_high = 0x3f9,
    uart_fifo_control = 0x3fa,
    uart_line_control = 0x3fb,
    uart_modem_control = 0x3fc,
    uart_line_status = 0x3fd,
    uart_scratch = 0x3ff,
};
constexpr uint8_t transmitter_empty = 0x20;
constexpr size_t fifo_size = 16;

bool have_debug_port = false;
bool have_uart = false;

bool find_uart()
{
    for (const uint8_t probe : {uint8_t{0x5a}, uint8_t{0xa5}}) {
        out8(uart_scratch, probe);
        if (in8(uart_scratch) != probe) return false;
    }
    // 115200 baud, 8 bits, no parity, one stop bit; FIFOs on; no interrupts.
    out8(uart_line_control, 0x83);
    out8(uart_data, 1);
    out8(uart_divisor_high, 0);
    out8(uart_line_control, 0x03);
    out8(uart_fifo_control, 0x07);
    out8(uart_modem_control, 0x03);
    return true;
}

void print_on_uart(std::string_view bytes)
{
    while (!bytes.empty()) {
        // A line that is never ready gets its bytes anyway, and loses them.
        for (int turns = 100'000; turns > 0 && (in8(uart_line_status) & transmitter_empty) == 0; turns--) {
        }
        const size_t part = bytes.size() < fifo_size ? bytes.size() : fifo_size;
        out_string(uart_data, bytes.data(), part);
        bytes.remove_prefix(part);
    }
}

} // namespace

void set_up_consoles()
{
    have_debug_port = in8(debug_port) == debug_port;
    have_uart = find_uart();
}

void print_line(std::string_view line)
{
    if (have_debug_port) {
        out_string(debug_port, line.data(), line.size());
        out_string(debug_port, "\n", 1);
    }
    if (have_uart) {
        print_on_uart(line);
        print_on_uart("\r\n");
    }
}

} // namespace argo::guest
