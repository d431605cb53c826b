// SPDX-License-Identifier: Apache-2.0 OR MIT
// The commands that argo-vmm takes on its standard input.
#include "kvm/control.hpp"

#include "kvm/error.hpp"
#include "kvm/suggest.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <utility>

namespace argo::kvm {

namespace {

constexpr std::string_view verbs[] = {"kill", "start", "restart", "policy", "quit"}; // as in Command::Verb

} // namespace

Command parse_command(std::string_view line)
{
    std::istringstream stream{std::string(line)};
    const std::vector<std::string> words(std::istream_iterator<std::string>(stream), {});
    const auto verb = words.empty() ? std::end(verbs) : std::ranges::find(verbs, std::string_view(words[0]));
    if (verb == std::end(verbs)) {
        const std::string word = words.empty() ? "" : words[0];
        fail(Exit::usage, "control: '{}' is no command; there are {}{}", word, enumerate(verbs),
             did_you_mean(word, verbs));
    }
    // A path may have blanks in it.
    if (*verb == "policy" && words.size() > 1) {
        const auto begin = line.find(words[1], line.find(*verb) + verb->size());
        const auto end = line.find_last_not_of(" \t\r");
        return {Command::Verb::policy, std::string(line.substr(begin, end + 1 - begin))};
    }
    const Command command{static_cast<Command::Verb>(verb - verbs), words.size() > 1 ? words[1] : ""};
    const size_t wanted = command.verb == Command::Verb::quit ? 1 : 2;
    if (words.size() != wanted) {
        const bool domain = command.verb != Command::Verb::policy;
        fail(Exit::usage, "control: {} takes {}", *verb,
             wanted == 1 ? "nothing"
             : domain    ? "the name of one domain"
                         : "one compiled policy");
    }
    return command;
}

std::vector<std::string> LineBuffer::take(std::string_view piece)
{
    std::vector<std::string> lines;
    for (const char c : piece) {
        if (c == '\n') {
            lines.push_back(std::exchange(line_, {}));
        } else if (line_.size() < longest_line) {
            line_.push_back(c);
        }
    }
    return lines;
}

std::string LineBuffer::rest() { return std::exchange(line_, {}); }

} // namespace argo::kvm
