// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Consoles.
#include "guest/console.hpp"

#include "guest/cpu.hpp"

namespace argo::guest {

namespace {

/// Bochs's and QEMU's debug port: reading it gives its own number.
constexpr uint16_t debug_port = 0xe9;

/// The PC's serial ports, and the registers of a 16550 behind each.
constexpr uint16_t first_port = 0x3f8, second_port = 0x2f8;
enum Uart : uint16_t
{
    uart_data = 0,
    uart_divisor_high = 1,
    uart_fifo_control = 2,
    uart_line_control = 3,
    uart_modem_control = 4,
    uart_line_status = 5,
    uart_scratch = 7,
};
constexpr uint8_t received = 0x01, transmitter_empty = 0x20;
constexpr size_t fifo_size = 16;

bool have_debug_port = false;
bool have_uart = false;

void set_uart(uint16_t port, Uart which, uint8_t value) { out8(static_cast<uint16_t>(port + which), value); }
uint8_t get_uart(uint16_t port, Uart which) { return in8(static_cast<uint16_t>(port + which)); }

bool find_uart(uint16_t port)
{
    for (const uint8_t probe : {uint8_t{0x5a}, uint8_t{0xa5}}) {
        set_uart(port, uart_scratch, probe);
        if (get_uart(port, uart_scratch) != probe) return false;
    }
    // 115200 baud, 8 bits, no parity, one stop bit; FIFOs on; no interrupts.
    set_uart(port, uart_line_control, 0x83);
    out8(uart_data, 1);
    out8(uart_divisor_high, 0);
    set_uart(port, uart_line_control, 0x03);
    set_uart(port, uart_fifo_control, 0x07);
    set_uart(port, uart_modem_control, 0x03);
    return true;
}

void print_on_uart(uint16_t port, std::string_view bytes)
{
    while (!bytes.empty()) {
        // A line that is never ready gets its bytes anyway, and loses them.
        for (int turns = 100'000; turns > 0 && (get_uart(port, uart_line_status) & transmitter_empty) == 0;
             turns--) {
        }
        const size_t part = bytes.size() < fifo_size ? bytes.size() : fifo_size;
        out_string(port + uart_data, bytes.data(), part);
        bytes.remove_prefix(part);
    }
}

} // namespace

void set_up_consoles()
{
    have_debug_port = in8(debug_port) == debug_port;
    have_uart = find_uart(first_port);
}

void print_line(std::string_view line)
{
    if (have_debug_port) {
        out_string(debug_port, line.data(), line.size());
        out_string(debug_port, "\n", 1);
    }
    if (have_uart) {
        print_on_uart(first_port, line);
        print_on_uart(first_port, "\r\n");
    }
}

bool set_up_second_port() { return find_uart(second_port); }

void print_on_second_port(std::string_view bytes) { print_on_uart(second_port, bytes); }

int read_second_port()
{
    return (get_uart(second_port, uart_line_status) & received) != 0 ? get_uart(second_port, uart_data) : -1;
}

} // namespace argo::guest
