// SPDX-License-Identifier: Apache-2.0 OR MIT
// The few devices of a guest.
#include "kvm/devices.hpp"

namespace argo::kvm {

namespace {

/// Registers of a 16550 by their offset, and what of them is ever other than zero here.
enum Register : unsigned
{
    data = 0,             // divisor, low half
    interrupt_enable = 1, // divisor, high half
    interrupt_id = 2,
    line_control = 3,
    modem_control = 4,
    line_status = 5,
    modem_status = 6,
};
constexpr uint8_t no_interrupt_pending = 0x01;
constexpr uint8_t divisor_latch = 0x80;
constexpr uint8_t transmitter_empty = 0x60;
constexpr uint8_t carrier_and_clear_to_send = 0xb0;

constexpr uint32_t nobody_answers = 0xffffffff;

bool is_uart(uint16_t port) { return port >= Uart::base && port < Uart::base + Uart::registers; }

} // namespace

bool Uart::divisor_selected() const noexcept { return written_[line_control] & divisor_latch; }

std::optional<uint8_t> Uart::write(unsigned index, uint8_t value) noexcept
{
    if (index <= interrupt_enable && divisor_selected()) {
        divisor_[index] = value;
        return std::nullopt;
    }
    if (index == data) return value;
    written_[index] = value;
    return std::nullopt;
}

uint8_t Uart::read(unsigned index) const noexcept
{
    if (index <= interrupt_enable && divisor_selected()) return divisor_[index];
    switch (index) {
    case data: return 0; // nobody types
    case interrupt_id: return no_interrupt_pending;
    case line_status: return transmitter_empty;
    case modem_status: return carrier_and_clear_to_send;
    default: return written_[index];
    }
}

Devices::Devices(Consoles consoles, std::string_view mark, LineSink& sink)
    : consoles_(consoles), uart_line_(mark, allowance_, sink), debug_line_(mark, allowance_, sink)
{
}

bool Devices::write(uint16_t port, unsigned size, uint32_t value)
{
    if (size != 1) return true;
    if (port == exit_port) return false;

    const auto byte = static_cast<uint8_t>(value);
    const std::lock_guard lock(mutex_);
    if (port == debug_port && consoles_.debug) {
        debug_line_.put(byte);
    } else if (is_uart(port) && consoles_.uart) {
        if (const auto sent = uart_.write(port - Uart::base, byte)) uart_line_.put(*sent);
    }
    return true;
}

uint32_t Devices::read(uint16_t port, unsigned size)
{
    if (size != 1) return nobody_answers;
    if (port == debug_port && consoles_.debug) return debug_port; // how guests find it
    const std::lock_guard lock(mutex_);
    if (is_uart(port) && consoles_.uart) return uart_.read(port - Uart::base);
    return nobody_answers;
}

void Devices::flush()
{
    const std::lock_guard lock(mutex_);
    uart_line_.flush();
    debug_line_.flush();
}

} // namespace argo::kvm
