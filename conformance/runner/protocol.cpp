// SPDX-License-Identifier: Apache-2.0 OR MIT
// The guest's console protocol.
#include "runner/protocol.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "harness/crc32.hpp"
#include "runner/text.hpp"

namespace argo::runner {

namespace {

constexpr std::string_view mark = "argo-ct ";

/// Takes the next word off `text`.
std::string_view take_word(std::string_view& text)
{
    const auto begin = std::min(text.find_first_not_of(' '), text.size());
    text.remove_prefix(begin);
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

template <class Number>
bool read_number(std::string_view word, Number& number, int base = 10)
{
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
    return error == std::errc() && end == word.data() + word.size() && !word.empty();
}

Environment parse_environment(std::string_view text)
{
    Environment environment;
    for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
        const auto equals = word.find('=');
        if (equals == std::string_view::npos) continue;
        environment.facts.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    return environment;
}

std::optional<End> parse_end(std::string_view text)
{
    auto cases = take_word(text);
    auto crc = take_word(text);
    if (!cases.starts_with("cases=") || !crc.starts_with("crc=")) return std::nullopt;
    cases.remove_prefix(6);
    crc.remove_prefix(4);
    End end{};
    if (!read_number(cases, end.cases) || crc.size() != 8 || !read_number(crc, end.crc, 16))
        return std::nullopt;
    return end;
}

std::optional<Ask> parse_ask(std::string_view text)
{
    const auto action = take_word(text);
    const auto role = take_word(text);
    for (const auto known : {Action::kill, Action::restart, Action::start, Action::policy}) {
        if (action == name(known) && !role.empty()) return Ask{known, std::string(role)};
    }
    return std::nullopt;
}

decltype(ProtocolLine::event) parse_event(std::string_view text)
{
    const auto whole = text;
    const auto word = take_word(text);
    if (word == "begin") {
        const auto id = take_word(text);
        if (id.empty()) return Unreadable{"'begin' without a case"};
        return Begin{std::string(id)};
    }
    if (word == "env") return parse_environment(text);
    if (word == "ask") {
        if (auto ask = parse_ask(text)) return *ask;
        return Unreadable{fmt::format("'{}' asks for nothing known", whole)};
    }
    if (word == "end") {
        if (const auto end = parse_end(text)) return *end;
        return Unreadable{fmt::format("'{}' is no end line", whole)};
    }
    const auto verdict = verdict_named(word);
    if (!verdict || !may_be_said_by_guest(*verdict)) {
        return Unreadable{word.empty() ? "a line cut short" : fmt::format("'{}' is no verdict", word)};
    }
    const auto id = take_word(text);
    if (id.empty()) return Unreadable{fmt::format("'{}' without a case", word)};
    const auto requirements = take_word(text);
    return Said{*verdict, std::string(id), split(requirements, ','), std::string(text)};
}

} // namespace

std::string_view name(Action action) noexcept
{
    constexpr std::string_view names[] = {"kill", "restart", "start", "policy"};
    return names[static_cast<size_t>(action)];
}

std::optional<ProtocolLine> parse_protocol_line(std::string_view line)
{
    const auto at = line.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);

    ProtocolLine parsed;
    parsed.before = printable(line.substr(0, at));
    parsed.text = line.substr(at);
    const auto readable = printable(parsed.text);
    std::string_view text = readable;
    text.remove_prefix(mark.size());
    const auto version = take_word(text);
    const auto seq = take_word(text);
    if (version != "1") {
        parsed.event = Unreadable{fmt::format("version '{}' of the protocol is not known", version)};
    } else if (!read_number(seq, parsed.seq) || parsed.seq == 0) {
        parsed.seq = 0;
        parsed.event = Unreadable{fmt::format("'{}' is no sequence number", seq)};
    } else {
        parsed.event = parse_event(text);
    }
    return parsed;
}

Sequence::Place Sequence::take(const ProtocolLine& line) noexcept
{
    // The stream goes on where it was before a jump: it was the number of the line that jumped which was
    // damaged.
    const bool resumes = before_gap_ != 0 && (line.seq == before_gap_ || line.seq == before_gap_ + 1);
    if (line.seq < expected_ && !resumes) return Place::behind;
    const auto place = line.seq == expected_ ? Place::next : Place::gap;
    if (place == Place::gap) complete_ = false;
    before_gap_ = place == Place::gap && !resumes ? expected_ : 0;
    expected_ = line.seq + 1;
    if (!std::holds_alternative<End>(line.event)) crc_ = suite::crc32(suite::crc32(crc_, line.text), "\n");
    return place;
}

void LineSplitter::feed(std::string_view bytes, const std::function<void(std::string_view)>& line)
{
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        const auto piece = bytes.substr(0, end);
        if (rest_.empty() && end != std::string_view::npos && piece.size() <= limit) {
            line(piece); // the usual case: nothing to put together, nothing to copy
        } else {
            rest_.append(piece.substr(0, limit - rest_.size()));
            if (end != std::string_view::npos) {
                line(rest_);
                rest_.clear();
            }
        }
        if (end == std::string_view::npos) break;
        bytes.remove_prefix(end + 1);
    }
}

void LineSplitter::finish(const std::function<void(std::string_view)>& line)
{
    if (!rest_.empty()) line(rest_);
    rest_.clear();
}

} // namespace argo::runner
