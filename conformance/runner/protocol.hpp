// SPDX-License-Identifier: Apache-2.0 OR MIT
// What a guest prints: `argo-ct 1 <seq> ...`, one line an event. Parsing a line, and following the order and
// the checksum of the lines of one boot. The bytes come from a guest or from a log of unknown origin:
// whatever they are, nothing here fails, grows without bound or believes more than a line says.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "runner/verdict.hpp"

namespace argo::runner {

/// `begin <case>`
struct Begin
{
    std::string case_id;
};

/// `<VERDICT> <case> <requirement,requirement> <detail>`
struct Said
{
    Verdict verdict;
    std::string case_id;
    std::vector<std::string> requirements;
    std::string detail;
};

/// `env <key>=<value> ...`
struct Environment
{
    std::vector<std::pair<std::string, std::string>> facts;
};

enum class Action : uint8_t
{
    kill,
    restart,
    start,
    policy
};

std::string_view name(Action) noexcept;

/// `ask <action> <role>`: something that only the host can do. `ask policy <name>`: put these rules in force.
struct Ask
{
    Action action;
    std::string role; ///< or the rules' name
};

/// `end cases=<n> crc=<8 hex digits>`
struct End
{
    uint64_t cases;
    uint32_t crc;
};

/// A protocol line that says nothing known.
struct Unreadable
{
    std::string why;
};

struct ProtocolLine
{
    std::string
        before; ///< what stood before "argo-ct" in the line: a console's mark, a time stamp, firmware's rest
    uint64_t seq = 0; ///< 0 where it could not be read
    std::string text; ///< the bytes from "argo-ct" to the end of the line; what the checksum is about
    std::variant<Begin, Said, Environment, Ask, End, Unreadable> event;
};

/// Empty for a line that is none of the protocol's. The line comes without its end; a trailing \r is dropped.
/// All text in the event is printable ASCII.
std::optional<ProtocolLine> parse_protocol_line(std::string_view line);

/// Order and checksum of the protocol lines of one boot.
class Sequence
{
  public:
    enum class Place : uint8_t
    {
        next,   ///< in order
        gap,    ///< lines before it are lost, or its number was damaged
        behind, ///< repeats or precedes what was seen: not to be believed
    };

    Place take(const ProtocolLine& line) noexcept;
    uint64_t expected() const noexcept { return expected_; }
    bool complete() const noexcept { return complete_; } ///< no line was lost so far
    uint32_t crc() const noexcept { return crc_; }       ///< of all lines but an end line

  private:
    uint64_t expected_ = 1;
    uint64_t before_gap_ = 0; ///< what was expected when the last gap came; 0: none
    uint32_t crc_ = 0;
    bool complete_ = true;
};

/// Cuts a stream of bytes into lines. A line beyond the limit is cut there and its rest dropped.
class LineSplitter
{
  public:
    static constexpr size_t limit = 16 * 1024;

    void feed(std::string_view bytes, const std::function<void(std::string_view)>& line);
    void finish(const std::function<void(std::string_view)>& line); ///< the last line had no end

  private:
    std::string rest_;
};

} // namespace argo::runner
