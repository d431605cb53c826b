// SPDX-License-Identifier: Apache-2.0 OR MIT
// Commands, and the lines that they come in.
#include "kvm/control.hpp"

#include "kvm/error.hpp"
#include "kvm/suggest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace argo::kvm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string refusal(std::string_view line)
{
    try {
        parse_command(line);
        return "accepted";
    } catch (const Failure& failure) {
        return failure.what();
    }
}

TEST(Command, says_what_to_do_with_whom)
{
    EXPECT_EQ(parse_command("kill a").verb, Command::Verb::kill);
    EXPECT_EQ(parse_command("kill a").object, "a");
    EXPECT_EQ(parse_command("  start\tb \r").verb, Command::Verb::start);
    EXPECT_EQ(parse_command("  start\tb \r").object, "b");
    EXPECT_EQ(parse_command("restart c").verb, Command::Verb::restart);
    EXPECT_EQ(parse_command("policy  a b\t").object, "a b");
    EXPECT_EQ(parse_command("quit").verb, Command::Verb::quit);
}

TEST(Command, is_refused_with_a_sentence)
{
    EXPECT_EQ(refusal("kil a"),
              "control: 'kil' is no command; there are kill, start, restart, policy and quit; did you mean "
              "'kill'?");
    EXPECT_EQ(refusal(""), "control: '' is no command; there are kill, start, restart, policy and quit");
    EXPECT_EQ(refusal("kill"), "control: kill takes the name of one domain");
    EXPECT_EQ(refusal("kill a b"), "control: kill takes the name of one domain");
    EXPECT_EQ(refusal("quit now"), "control: quit takes nothing");
    EXPECT_EQ(refusal("policy"), "control: policy takes one compiled policy");
}

TEST(LineBuffer, puts_pieces_together)
{
    LineBuffer buffer;
    EXPECT_THAT(buffer.take("ki"), IsEmpty());
    EXPECT_THAT(buffer.take("ll a\nstart b\nqu"), ElementsAre("kill a", "start b"));
    EXPECT_EQ(buffer.rest(), "qu");
    EXPECT_EQ(buffer.rest(), "");
}

TEST(LineBuffer, does_not_grow_for_ever)
{
    LineBuffer buffer;
    for (int i = 0; i < 100; ++i) EXPECT_THAT(buffer.take(std::string(1000, 'x')), IsEmpty());
    EXPECT_EQ(buffer.take("\n").at(0).size(), LineBuffer::longest_line);
    EXPECT_THAT(buffer.take("quit\n"), ElementsAre("quit"));
}

TEST(Suggestion, is_made_only_for_what_is_close)
{
    constexpr std::string_view words[] = {"memory", "vcpus", "msr"};
    EXPECT_EQ(did_you_mean("memroy", words), "; did you mean 'memory'?");
    EXPECT_EQ(did_you_mean("vcpu", words), "; did you mean 'vcpus'?");
    EXPECT_EQ(did_you_mean("colour", words), "");
    EXPECT_EQ(did_you_mean("abc", words), "") << "as far from msr as it can be";
    EXPECT_EQ(did_you_mean("", words), "");
    EXPECT_EQ(did_you_mean(std::string(1000, 'm'), words), "");
    EXPECT_EQ(did_you_mean("memory", {}), "");
}

TEST(Enumeration, reads_like_a_sentence)
{
    constexpr std::string_view words[] = {"a", "b", "c"};
    EXPECT_EQ(enumerate(words), "a, b and c");
    EXPECT_EQ(enumerate(std::span(words).first(2)), "a and b");
    EXPECT_EQ(enumerate(std::span(words).first(1)), "a");
    EXPECT_EQ(enumerate({}), "");
}

} // namespace
} // namespace argo::kvm
