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
    Stream(std::string mark, std::string role, const std::vector<const Case*>& selection)
        : mark(std::move(mark)), role(std::move(role)), ledger(selection)
    {
    }

    std::string mark;
    std::string role;   ///< as the domain tells it
    std::string latest; ///< text of its last line
    uint64_t expected = 1;
    Ledger ledger;
    Notes notes;
    Boot boot{ledger, notes};
};

/// The boots of one environment and mechanism.
struct Way
{
    RunOutcome outcome;
    bool ended = false; ///< the last of them has its end line
};

class Streams
{
  public:
    Streams(const std::vector<const Case*>& selection, std::vector<Way>& ways, Notes& notes)
        : selection_(selection), ways_(ways), notes_(notes)
    {
    }
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
            notes_.add(
                fmt::format("{}: not the lead, and not believed: {}", stream->role, printable(line.text)));
        }
    }

  private:
    static constexpr size_t most = 256; ///< more boots are not going on at a time

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
            // Of those that say nothing of cases, or nothing more, the oldest.
            const auto done = [](const Stream& s) { return s.role != "lead" || s.boot.ended(); };
            auto oldest = std::ranges::find_if(streams_, done);
            if (oldest == streams_.end()) oldest = streams_.begin();
            close(*oldest);
            streams_.erase(oldest);
        }
        static const std::vector<const Case*> none;
        return streams_.emplace_back(mark, role, role == "lead" ? selection_ : none);
    }

    void close(Stream& stream)
    {
        if (stream.role != "lead") return;
        const bool ended = stream.boot.ended();
        if (!ended) {
            stream.notes.add("a boot of the lead has no end line: the log is cut short");
            stream.boot.break_off(Verdict::error, "the log breaks off in this case");
        }
        auto& way = way_of(stream.boot);
        way.outcome.ledger.raise(stream.ledger);
        way.outcome.identity.learn(stream.boot);
        way.ended = ended;
        for (const auto& line : stream.notes.lines()) notes_.add(line);
    }

    Way& way_of(const Boot& boot)
    {
        Identity identity;
        identity.learn(boot);
        // A boot that lost its head belongs to what the log is about.
        const auto same = [&](const Way& way) {
            const auto& other = way.outcome.identity;
            return identity.mechanism.empty() ||
                   (identity.mechanism == other.mechanism && identity.environment == other.environment);
        };
        const auto found = std::ranges::find_if(ways_, same);
        if (found != ways_.end()) return *found;
        ways_.push_back({{Ledger(selection_), {}, identity, false}});
        return ways_.back();
    }

    const std::vector<const Case*>& selection_;
    std::vector<Way>& ways_;
    Notes& notes_;
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

std::vector<RunOutcome> ingest(const std::vector<std::filesystem::path>& logs,
                               const std::vector<const Case*>& selection, ConsoleLog& copy)
{
    std::vector<Way> ways;
    Notes notes;
    for (const auto& path : logs) {
        Streams streams(selection, ways, notes);
        read(path, streams, copy);
    }
    std::vector<RunOutcome> outcomes;
    if (ways.empty()) outcomes.push_back({Ledger(selection), {}, {}, false, {}});
    for (auto& way : ways) {
        if (!outcomes.empty() && way.ended) way.outcome.ledger.forget_open();
        outcomes.push_back(std::move(way.outcome));
    }
    for (auto& outcome : outcomes) outcome.ledger.close("the log says nothing of it");
    outcomes.front().notes = std::move(notes);
    return outcomes;
}

} // namespace argo::runner
