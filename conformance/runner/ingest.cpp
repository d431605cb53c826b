// SPDX-License-Identifier: Apache-2.0 OR MIT
// Results from logs. Each boot of each domain is a stream; a line finds its stream by the mark before it and
// by its number, and the streams of a lead are judged like a live one.
#include "runner/ingest.hpp"

#include <algorithm>
#include <list>
#include <regex>

#include <fmt/format.h>

#include "runner/errors.hpp"
#include "runner/text.hpp"

namespace argo::runner {

namespace {

/// A console's mark without what changes from line to line: time stamps.
std::string stable_mark(const std::string& before)
{
    static const std::regex stamp(
        R"(\[ *[0-9]+\.[0-9]+\]|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]?|[0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?Z?)");
    return std::regex_replace(before, stamp, "");
}

/// One boot of one domain.
struct Stream
{
    std::string mark;
    std::string role;   ///< as the domain tells it
    std::string latest; ///< text of its last line
    uint64_t expected = 1;
    Boot boot;
};

class Streams
{
  public:
    explicit Streams(RunOutcome& outcome) : outcome_(outcome) {}
    ~Streams()
    {
        for (auto& stream : streams_) close(stream);
    }
    Streams(const Streams&) = delete;
    Streams& operator=(const Streams&) = delete;

    void take(const ProtocolLine& line)
    {
        const auto mark = stable_mark(line.before);
        const auto* environment = std::get_if<Environment>(&line.event);
        auto* stream = place(mark, line.seq);
        const bool first = line.seq == 1 && environment != nullptr;
        if (stream == nullptr || (first && stream->latest != line.text)) {
            // A log may have lost its head, but where a lead has told that it is one, another has to do so
            // too.
            const auto role = role_in(environment, has_lead_ ? "nobody" : "lead");
            has_lead_ = has_lead_ || role == "lead";
            stream = &begin(mark, role);
        }
        stream->expected = std::max(stream->expected, line.seq + 1);
        stream->latest = line.text;
        if (stream->role == "lead") {
            stream->boot.take(line);
        } else if (environment == nullptr && !std::holds_alternative<End>(line.event)) {
            outcome_.notes.add(
                fmt::format("{}: not the lead, and not believed: {}", stream->role, printable(line.text)));
        }
    }

  private:
    static constexpr size_t most = 16; ///< more boots are not going on at a time

    static std::string role_in(const Environment* environment, const char* otherwise)
    {
        if (environment == nullptr) return otherwise;
        const auto role =
            std::ranges::find(environment->facts, "role", [](const auto& fact) { return fact.first; });
        return role == environment->facts.end() ? otherwise : role->second;
    }

    /// The stream that a line goes on with; null: none.
    Stream* place(const std::string& mark, uint64_t seq)
    {
        const auto latest =
            [&](auto&& suits) -> Stream* { // the boot that is going on, rather than one before
            const auto found = std::find_if(streams_.rbegin(), streams_.rend(), suits);
            return found == streams_.rend() ? nullptr : &*found;
        };
        const auto marked = [&](const Stream& stream) { return stream.mark == mark; };
        if (auto* stream = latest([&](const Stream& s) { return marked(s) && s.expected == seq; }))
            return stream;
        if (auto* stream = latest(marked)) return stream;
        // Firmware may have left something in the line that became the first one.
        auto* stream = seq == 2 ? latest([](const Stream& s) { return s.expected == 2; }) : nullptr;
        if (stream != nullptr) stream->mark = mark;
        return stream;
    }

    Stream& begin(const std::string& mark, const std::string& role)
    {
        if (streams_.size() == most) {
            close(streams_.front());
            streams_.pop_front();
        }
        return streams_.emplace_back(Stream{mark, role, {}, 1, Boot(outcome_.ledger, outcome_.notes)});
    }

    void close(Stream& stream)
    {
        if (stream.role != "lead") return;
        if (!stream.boot.ended()) {
            outcome_.notes.add("a boot of the lead has no end line: the log is cut short");
            stream.boot.break_off(Verdict::error, "the log breaks off in this case");
        }
        outcome_.identity.learn(stream.boot);
    }

    RunOutcome& outcome_;
    std::list<Stream> streams_;
    bool has_lead_ = false;
};

void read(const std::filesystem::path& path, Streams& streams, ConsoleLog& copy)
{
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path))
        throw UsageError(fmt::format("{}: cannot be read", path.string()));
    bool any = false;
    const auto take = [&](std::string_view text) {
        copy.line("", std::string(text));
        if (const auto line = parse_protocol_line(text)) {
            any = true;
            streams.take(*line);
        }
    };
    LineSplitter splitter;
    std::vector<char> buffer(64 * 1024);
    while (file) {
        file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        splitter.feed({buffer.data(), static_cast<size_t>(file.gcount())}, take);
    }
    splitter.finish(take);
    if (!any) {
        throw UsageError(fmt::format(
            "{}: no line of the suite in it (`argo-ct 1 ...`); is it the lead's console?", path.string()));
    }
}

} // namespace

RunOutcome ingest(const std::vector<std::filesystem::path>& logs, const std::vector<const Case*>& selection,
                  ConsoleLog& copy)
{
    RunOutcome outcome{Ledger(selection), {}, {}, false};
    for (const auto& path : logs) {
        Streams streams(outcome);
        read(path, streams, copy);
    }
    outcome.ledger.close("the log says nothing of it");
    return outcome;
}

} // namespace argo::runner
