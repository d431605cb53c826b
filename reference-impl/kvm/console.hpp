// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a guest prints, made fit for a log: whole lines, each marked with the domain, of bounded length and
// number, and of printable characters alone. A guest can neither forge another's line nor the host's, nor
// fill a disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace argo::kvm {

/// Where lines go. Thread-safe.
class LineSink
{
  public:
    /// `text` without its end of line.
    virtual void line(std::string_view mark, std::string_view text) = 0;
    /// Something to tell whoever runs the guests.
    virtual void diagnostic(std::string_view text) = 0;

  protected:
    ~LineSink() = default;
};

/// How much one guest may print from its start to its end; what comes after that is dropped.
class ConsoleAllowance
{
  public:
    static constexpr uint64_t bytes = 4 * 1024 * 1024;

    /// Takes from the allowance. False when it does not suffice; `first_time` tells whether that is news.
    bool take(uint64_t wanted, bool& first_time) noexcept
    {
        first_time = !exceeded_ && wanted > left_;
        exceeded_ = exceeded_ || wanted > left_;
        if (exceeded_) return false;
        left_ -= wanted;
        return true;
    }

  private:
    uint64_t left_ = bytes;
    bool exceeded_ = false;
};

/// One console of one guest: collects bytes to lines. Not thread-safe.
class Console
{
  public:
    /// Longer lines are broken.
    static constexpr size_t longest_line = 2048;

    /// Consoles of one guest share an allowance. `mark` and what the references stand for outlive the
    /// console.
    Console(std::string_view mark, ConsoleAllowance& allowance, LineSink& sink)
        : mark_(mark), allowance_(allowance), sink_(sink)
    {
    }

    /// A byte from the guest. Line feed ends a line, carriage return is left out, tab stays; other bytes that
    /// are no printable ASCII show as \xNN.
    void put(uint8_t byte);
    /// Ends a line that the guest left open.
    void flush();

  private:
    void end_line();

    std::string_view mark_;
    ConsoleAllowance& allowance_;
    LineSink& sink_;
    std::string line_;
};

} // namespace argo::kvm
