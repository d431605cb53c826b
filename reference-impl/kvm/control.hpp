// SPDX-License-Identifier: Apache-2.0 OR MIT
// The commands that argo-vmm takes on its standard input, one a line: kill, start or restart a domain, put
// another policy in force, quit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace argo::kvm {

struct Command
{
    enum class Verb
    {
        kill,
        start,
        restart,
        policy,
        quit,
    };
    Verb verb;
    std::string object; ///< a domain's name, or a file; empty for quit
};

/// Throws Failure(Exit::usage) for a line that is no command.
Command parse_command(std::string_view line);

/// Makes lines of what arrives in pieces. A line is cut where it gets too long for any command.
class LineBuffer
{
  public:
    static constexpr size_t longest_line = 4096 + 64; // a path

    /// The lines that this piece completes, without their ends.
    std::vector<std::string> take(std::string_view piece);
    /// What is left without an end of line.
    std::string rest();

  private:
    std::string line_;
};

} // namespace argo::kvm
