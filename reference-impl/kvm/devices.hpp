// SPDX-License-Identifier: Apache-2.0 OR MIT
// The few devices of a guest, all behind I/O ports: a UART at 0x3f8 that takes bytes and never has any, the
// debug console at 0xe9, and the exit port 0xf4.
#pragma once

#include "kvm/console.hpp"

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>

namespace argo::kvm {

/// Which consoles a guest has.
struct Consoles
{
    bool uart = true;
    bool debug = true;
};

/// The part of a 16550 that a driver needs to print by polling. Not thread-safe.
class Uart
{
  public:
    static constexpr uint16_t base = 0x3f8;
    static constexpr uint16_t registers = 8;

    /// A byte for the line, when this write was one.
    std::optional<uint8_t> write(unsigned index, uint8_t value) noexcept;
    [[nodiscard]] uint8_t read(unsigned index) const noexcept;

  private:
    [[nodiscard]] bool divisor_selected() const noexcept;

    std::array<uint8_t, registers> written_{}; ///< of the registers that read back
    std::array<uint8_t, 2> divisor_{};
};

/// Decodes ports. Thread-safe.
class Devices
{
  public:
    static constexpr uint16_t debug_port = 0xe9;
    static constexpr uint16_t exit_port = 0xf4;

    /// `mark` and `sink` as for Console.
    Devices(Consoles consoles, std::string_view mark, LineSink& sink);

    /// A write of 1, 2 or 4 bytes; every device takes single bytes only. False when the guest shut itself
    /// down.
    [[nodiscard]] bool write(uint16_t port, unsigned size, uint32_t value);
    /// All ones where nothing answers.
    [[nodiscard]] uint32_t read(uint16_t port, unsigned size);
    /// Ends the lines that the guest left open.
    void flush();

  private:
    const Consoles consoles_;
    std::mutex mutex_; ///< guards what follows
    ConsoleAllowance allowance_;
    Console uart_line_;
    Console debug_line_;
    Uart uart_;
};

} // namespace argo::kvm
