// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a guest prints, made fit for a log.
#include "kvm/console.hpp"

#include <fmt/format.h>

#include <iterator>

namespace argo::kvm {

void Console::put(uint8_t byte)
{
    constexpr size_t longest_escape = 4; // \xNN
    if (byte == '\n') return end_line();
    if (byte == '\r') return;
    if (line_.size() + longest_escape > longest_line) end_line();

    const bool printable = (byte >= ' ' && byte <= '~') || byte == '\t';
    if (printable) {
        line_.push_back(static_cast<char>(byte));
    } else {
        fmt::format_to(std::back_inserter(line_), "\\x{:02x}", byte);
    }
}

void Console::flush()
{
    if (!line_.empty()) end_line();
}

void Console::end_line()
{
    bool first_time = false;
    const size_t whole = mark_.size() + line_.size() + sizeof("[] \n") - 1;
    if (allowance_.take(whole, first_time)) {
        sink_.line(mark_, line_);
    } else if (first_time) {
        sink_.diagnostic(
            fmt::format("{} has printed more than {} MiB; the rest is dropped until it starts again", mark_,
                        ConsoleAllowance::bytes / (1024 * 1024)));
    }
    line_.clear();
}

} // namespace argo::kvm
