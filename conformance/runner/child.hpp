// SPDX-License-Identifier: Apache-2.0 OR MIT
// A child process in a process group of its own, with its output read line by line. Whatever happens, the
// group is gone when the object is: nothing that a target started outlives it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "runner/protocol.hpp"

namespace argo::runner {

class Child
{
  public:
    /// Starts `arguments[0]`. Throws Unavailable where it cannot be executed. Its stderr goes to `errors`;
    /// its stdin is a pipe from tell().
    Child(const std::vector<std::string>& arguments, const std::filesystem::path& errors);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Write a line to its stdin. A child that does not listen any more is not told.
    void tell(std::string_view line);
    void hang_up(); ///< close its stdin

    /// The descriptor to poll for its output; -1 after the end of the output.
    int descriptor() const noexcept { return output_; }

    /// Read what is there (call it when the descriptor is readable); gives each whole line.
    void read(const std::function<void(std::string_view)>& line);

    /// End the whole group: after `grace` with SIGTERM, and at last with SIGKILL. Waits for the child.
    void stop(std::chrono::milliseconds grace);

    /// How it ended, for people: "exit code 3", "signal 9 (Killed)"; empty before wait or stop.
    const std::string& ending() const noexcept { return ending_; }
    bool succeeded() const noexcept { return ending_ == "exit code 0"; }

  private:
    bool finished(std::chrono::milliseconds limit) const noexcept;

    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
    LineSplitter splitter_;
    std::string ending_;
};

/// Runs a program to its end, at most for `limit`. Its output, and how it ended.
struct Ran
{
    std::string output;
    std::string ending;
    bool good = false; ///< exit code 0 within the limit
};
Ran run_to_end(const std::vector<std::string>& arguments, const std::filesystem::path& errors,
               std::chrono::milliseconds limit);

/// How a child ended, with the last line that it left in its file of errors where it complained: "exit code
/// 2: ...".
std::string ending_with_complaint(const Child&, const std::filesystem::path& errors);

/// Ctrl-C, SIGTERM and SIGHUP are noted rather than fatal from here on, so that children can be ended first.
void catch_interrupts();
bool interrupted() noexcept;

} // namespace argo::runner
