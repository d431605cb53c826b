// SPDX-License-Identifier: Apache-2.0 OR MIT
// What guests print, and what comes out.
#include "guest.hpp"

#include <gmock/gmock.h>

namespace argo::kvm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ConsoleTest : public testing::Test
{
  protected:
    void put(std::string_view text)
    {
        for (const char c : text) console_.put(static_cast<uint8_t>(c));
    }

    Lines lines_;
    ConsoleAllowance allowance_;
    Console console_{"a", allowance_, lines_};
};

TEST_F(ConsoleTest, marks_whole_lines)
{
    put("one\ntwo\r\n\nthr");
    EXPECT_THAT(lines_.lines(), ElementsAre("[a] one", "[a] two", "[a] "));
    put("ee");
    console_.flush();
    console_.flush();
    EXPECT_THAT(lines_.lines(), ElementsAre("[a] one", "[a] two", "[a] ", "[a] three"));
}

TEST_F(ConsoleTest, shows_control_bytes)
{
    put("tab\tok \x1b[2J\x7f\x80\xff\n");
    EXPECT_THAT(lines_.lines(), ElementsAre("[a] tab\tok \\x1b[2J\\x7f\\x80\\xff"));
}

TEST_F(ConsoleTest, shows_every_byte_as_printable_ascii)
{
    for (unsigned byte = 0; byte < 256; ++byte) console_.put(static_cast<uint8_t>(byte));
    console_.flush();
    for (const auto& line : lines_.lines()) {
        for (const char c : line) EXPECT_TRUE((c >= ' ' && c <= '~') || c == '\t') << int{c};
    }
}

TEST_F(ConsoleTest, a_guest_cannot_forge_the_mark)
{
    put("x\r[host] b started\n\n[host] exited\n");
    for (const auto& line : lines_.lines()) EXPECT_THAT(line, testing::StartsWith("[a] "));
}

TEST_F(ConsoleTest, breaks_long_lines)
{
    put(std::string(2 * Console::longest_line, 'x') + "\n");
    size_t letters = 0;
    for (const auto& line : lines_.lines()) {
        EXPECT_LE(line.size(), Console::longest_line + sizeof "[a]");
        letters += line.size() - 4;
    }
    EXPECT_EQ(letters, 2 * Console::longest_line);
}

TEST_F(ConsoleTest, drops_what_is_beyond_the_allowance_and_says_so_once)
{
    const std::string line(1000, 'x');
    for (uint64_t i = 0; i < 2 * ConsoleAllowance::bytes / line.size(); ++i) put(line + "\n");
    uint64_t bytes = 0;
    for (const auto& text : lines_.lines()) bytes += text.size() + 1;
    EXPECT_LE(bytes, ConsoleAllowance::bytes);
    EXPECT_GT(bytes, ConsoleAllowance::bytes - 2 * line.size());
    EXPECT_THAT(lines_.diagnostics(),
                ElementsAre("a has printed more than 4 MiB; the rest is dropped until it starts again"));

    put("short\n");
    EXPECT_NE(lines_.lines().back(), "[a] short") << "nothing comes after a gap";
}

TEST_F(ConsoleTest, empty_lines_cost_too)
{
    const uint64_t most = ConsoleAllowance::bytes / std::string_view("[a] \n").size();
    for (uint64_t i = 0; i < most + 10; ++i) console_.put('\n');
    EXPECT_EQ(lines_.lines().size(), most);
}

TEST_F(ConsoleTest, consoles_of_one_guest_share_the_allowance)
{
    Console second("a", allowance_, lines_);
    bool first_time = false;
    ASSERT_TRUE(allowance_.take(ConsoleAllowance::bytes - 10, first_time));
    put("123456789\n");
    second.put('1');
    second.flush();
    EXPECT_THAT(lines_.lines(), IsEmpty());
    EXPECT_EQ(lines_.diagnostics().size(), 1u);
}

} // namespace
} // namespace argo::kvm
