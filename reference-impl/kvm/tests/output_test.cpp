// SPDX-License-Identifier: Apache-2.0 OR MIT
// Standard output, with readers that are slow, stuck or gone.
#include "kvm/output.hpp"

#include "kvm/resource.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

namespace argo::kvm {
namespace {

class OutputTest : public testing::Test
{
  protected:
    OutputTest()
    {
        ::signal(SIGPIPE, SIG_IGN);
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        reader_ = FileDescriptor(ends[0]);
        writer_ = FileDescriptor(ends[1]);
    }

    std::string read_some()
    {
        std::string piece(65536, '\0');
        piece.resize(static_cast<size_t>(::read(reader_.get(), piece.data(), piece.size())));
        return piece;
    }

    FileDescriptor reader_;
    FileDescriptor writer_;
    std::atomic<int> changes_ = 0;
};

TEST_F(OutputTest, writes_lines_in_order)
{
    Output output(writer_.get(), [this] { ++changes_; });
    EXPECT_FALSE(output.pending());
    output.line("a", "one");
    output.line("host", "two");
    EXPECT_EQ(changes_, 2);
    EXPECT_TRUE(output.pending());
    output.drain();
    EXPECT_FALSE(output.pending());
    EXPECT_EQ(read_some(), "[a] one\n[host] two\n");
}

TEST_F(OutputTest, a_stuck_reader_holds_nobody_for_long)
{
    Output output(writer_.get(), [] {});
    for (int i = 0; i < 1000; ++i) output.line("a", std::string(1000, 'x')); // more than a pipe takes
    const auto begin = std::chrono::steady_clock::now();
    output.drain();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
    EXPECT_TRUE(output.pending());
    output.line("a", "still no wait");
}

TEST_F(OutputTest, a_slow_reader_gets_everything)
{
    Output output(writer_.get(), [] {});
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
        const auto text = std::to_string(i) + std::string(500, 'x');
        output.line("a", text);
        expected += "[a] " + text + "\n";
    }
    std::string found;
    std::thread slow([&] {
        while (found.size() < expected.size()) found += read_some();
    });
    output.drain();
    slow.join();
    EXPECT_EQ(found, expected);
}

TEST_F(OutputTest, a_reader_that_goes_away_is_noticed_once)
{
    Output output(writer_.get(), [] {});
    reader_ = FileDescriptor();
    output.line("a", "unheard");
    EXPECT_FALSE(output.write_piece());
    EXPECT_FALSE(output.pending());
    output.line("a", "unheard too");
    EXPECT_FALSE(output.pending());
}

} // namespace
} // namespace argo::kvm
