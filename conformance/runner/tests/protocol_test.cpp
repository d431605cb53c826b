// SPDX-License-Identifier: Apache-2.0 OR MIT
// Lines of the console protocol, good and bad.
#include "runner/protocol.hpp"

#include <gtest/gtest.h>

using namespace argo::runner;

namespace {

template <class Event>
Event event_of(std::string_view line)
{
    const auto parsed = parse_protocol_line(line);
    EXPECT_TRUE(parsed) << line;
    const auto* event = parsed ? std::get_if<Event>(&parsed->event) : nullptr;
    EXPECT_NE(event, nullptr) << line;
    return event != nullptr ? *event : Event{};
}

TEST(Protocol, reads_each_kind_of_line)
{
    EXPECT_EQ(event_of<Begin>("argo-ct 1 2 begin sendv.empty").case_id, "sendv.empty");

    const auto said = event_of<Said>(
        "argo-ct 1 3 FAIL sendv.empty ARGO-SENDV-001,ARGO-SENDV-002 a.cpp:3: found 1,  expected 2");
    EXPECT_EQ(said.verdict, Verdict::fail);
    EXPECT_EQ(said.case_id, "sendv.empty");
    EXPECT_EQ(said.requirements, (std::vector<std::string>{"ARGO-SENDV-001", "ARGO-SENDV-002"}));
    EXPECT_EQ(said.detail, "a.cpp:3: found 1,  expected 2");

    const auto environment =
        event_of<Environment>("argo-ct 1 1 env role=lead domid=1 junk mechanisms=msr,pio x=a=b");
    EXPECT_EQ(environment.facts.size(), 4u);
    EXPECT_EQ(environment.facts[2].second, "msr,pio");
    EXPECT_EQ(environment.facts[3].second, "a=b");

    const auto ask = event_of<Ask>("argo-ct 1 9 ask restart peer");
    EXPECT_EQ(ask.action, Action::restart);
    EXPECT_EQ(ask.role, "peer");

    const auto end = event_of<End>("argo-ct 1 10 end cases=12 crc=00ff10aB");
    EXPECT_EQ(end.cases, 12u);
    EXPECT_EQ(end.crc, 0x00ff10abu);
}

TEST(Protocol, finds_the_line_behind_a_consoles_mark)
{
    const auto line = parse_protocol_line("(d1) [  1.5] argo-ct 1 4 begin a.b\r");
    ASSERT_TRUE(line);
    EXPECT_EQ(line->before, "(d1) [  1.5] ");
    EXPECT_EQ(line->text, "argo-ct 1 4 begin a.b");
    EXPECT_EQ(line->seq, 4u);
}

TEST(Protocol, leaves_other_lines_alone)
{
    for (const char* text : {"", "hello", "argo-ct", "argoct 1 2 begin x", "ARGO-CT 1 2 begin x"}) {
        EXPECT_FALSE(parse_protocol_line(text)) << text;
    }
}

TEST(Protocol, says_what_it_cannot_read)
{
    const struct
    {
        const char* line;
        uint64_t seq;
        const char* why;
    } bad[] = {
        {"argo-ct 1", 0, "'' is no sequence number"},
        {"argo-ct 1 ", 0, "'' is no sequence number"},
        {"argo-ct 1 -3 begin x", 0, "'-3' is no sequence number"},
        {"argo-ct 1 0 begin x", 0, "'0' is no sequence number"},
        {"argo-ct 1 99999999999999999999999 begin x", 0, "'99999999999999999999999' is no sequence number"},
        {"argo-ct 2 5 begin x", 0, "version '2' of the protocol is not known"},
        {"argo-ct 1 5", 5, "a line cut short"},
        {"argo-ct 1 5 begin", 5, "'begin' without a case"},
        {"argo-ct 1 5 PASS", 5, "'PASS' without a case"},
        {"argo-ct 1 5 pass a.b", 5, "'pass' is no verdict"},
        {"argo-ct 1 5 CRASH a.b", 5, "'CRASH' is no verdict"},
        {"argo-ct 1 5 NOT_TESTED a.b", 5, "'NOT_TESTED' is no verdict"},
        {"argo-ct 1 5 ask dance peer", 5, "'ask dance peer' asks for nothing known"},
        {"argo-ct 1 5 ask kill", 5, "'ask kill' asks for nothing known"},
        {"argo-ct 1 5 end", 5, "'end' is no end line"},
        {"argo-ct 1 5 end cases=1 crc=123", 5, "'end cases=1 crc=123' is no end line"},
        {"argo-ct 1 5 end cases=-1 crc=12345678", 5, "'end cases=-1 crc=12345678' is no end line"},
        {"argo-ct 1 5 end cases=1 crc=1234567g", 5, "'end cases=1 crc=1234567g' is no end line"},
    };
    for (const auto& [text, seq, why] : bad) {
        const auto line = parse_protocol_line(text);
        ASSERT_TRUE(line) << text;
        EXPECT_EQ(line->seq, seq) << text;
        ASSERT_TRUE(std::holds_alternative<Unreadable>(line->event)) << text;
        EXPECT_EQ(std::get<Unreadable>(line->event).why, why);
    }
}

TEST(Protocol, text_is_printable_and_the_checksum_is_of_the_bytes)
{
    const std::string_view text("argo-ct 1 1 PASS a.b R \x01\xff\0!", 27);
    const auto line = parse_protocol_line(text);
    ASSERT_TRUE(line);
    EXPECT_EQ(std::get<Said>(line->event).detail, "\\x01\\xff\\x00!");
    EXPECT_EQ(line->text, text);
}

ProtocolLine numbered(uint64_t seq)
{
    return *parse_protocol_line("argo-ct 1 " + std::to_string(seq) + " begin a.b");
}

TEST(Sequence, follows_the_order)
{
    Sequence sequence;
    EXPECT_EQ(sequence.take(numbered(1)), Sequence::Place::next);
    EXPECT_EQ(sequence.take(numbered(2)), Sequence::Place::next);
    EXPECT_EQ(sequence.take(numbered(2)), Sequence::Place::behind);
    EXPECT_TRUE(sequence.complete());
    EXPECT_EQ(sequence.take(numbered(5)), Sequence::Place::gap);
    EXPECT_FALSE(sequence.complete());
    EXPECT_EQ(sequence.take(numbered(6)), Sequence::Place::next);
    EXPECT_EQ(sequence.take(numbered(3)), Sequence::Place::behind);
}

TEST(Sequence, one_damaged_number_does_not_cost_the_rest)
{
    Sequence sequence;
    sequence.take(numbered(1));
    EXPECT_EQ(sequence.take(numbered(912345)), Sequence::Place::gap); // was 2
    EXPECT_EQ(sequence.take(numbered(3)), Sequence::Place::gap);
    EXPECT_EQ(sequence.take(numbered(4)), Sequence::Place::next);
}

TEST(Sequence, checksum_is_of_every_line_but_the_end)
{
    Sequence sequence;
    sequence.take(*parse_protocol_line("[lead] argo-ct 1 1 env role=lead\r"));
    sequence.take(*parse_protocol_line("argo-ct 1 2 begin a.b"));
    sequence.take(*parse_protocol_line("argo-ct 1 3 end cases=0 crc=00000000"));
    EXPECT_EQ(sequence.crc(), 0x78517c82u); // zlib's crc32 of the two lines
}

TEST(LineSplitter, puts_lines_together)
{
    std::vector<std::string> lines;
    const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
    LineSplitter splitter;
    splitter.feed("a\n\nb", keep);
    splitter.feed("c", keep);
    splitter.feed("d\ne", keep);
    splitter.finish(keep);
    splitter.finish(keep);
    EXPECT_EQ(lines, (std::vector<std::string>{"a", "", "bcd", "e"}));
}

TEST(LineSplitter, cuts_a_line_without_end)
{
    std::vector<std::string> lines;
    const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
    LineSplitter splitter;
    const std::string piece(1000, 'x');
    for (int i = 0; i < 1000; ++i) splitter.feed(piece, keep);
    splitter.feed("\nnext\n", keep);
    splitter.feed(std::string(100'000, 'y') + "\n", keep); // also within one piece
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[0].size(), LineSplitter::limit);
    EXPECT_EQ(lines[1], "next");
    EXPECT_EQ(lines[2].size(), LineSplitter::limit);
}

} // namespace
