// SPDX-License-Identifier: Apache-2.0 OR MIT
// The rules of a policy as people write them: labels of domains, labels of ranges of ports, and what is
// allowed between them. TOML; README.md describes every key. What is not understood is refused, with file and
// line.
#pragma once

#include "engine/host.hpp"
#include "engine/policy_image.hpp"

#include "kvm/suggest.hpp"

#include <fmt/core.h>

#include <bitset>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace argo::policy {

using engine::Hook;

/// What is wrong with somebody's input: one sentence, with file and line where there is one.
class Trouble : public std::runtime_error
{
  public:
    using std::runtime_error::runtime_error;
};

template <class... Arguments>
[[noreturn]] void trouble(fmt::format_string<Arguments...> format, Arguments&&... arguments)
{
    throw Trouble(kvm::one_line(fmt::format(format, std::forward<Arguments>(arguments)...)));
}

using Labels = std::bitset<256>; ///< of domains, or of ports, by their number

/// What a hook is asked about, as its name in rules and the keys that it has.
struct HookWords
{
    Hook hook;
    std::string_view name;
    bool port, peer, peer_port;
    std::string_view asks; ///< for people: what is decided
};
extern const std::vector<HookWords> hook_words;
const HookWords& words(Hook);

struct Range
{
    uint32_t first, last;
    unsigned label;
    unsigned line = 0;
};

struct Boolean
{
    std::string name;
    bool value; ///< unless somebody says otherwise
};

struct Rule
{
    unsigned line = 0;
    unsigned hooks = 0; ///< bit n: Hook n
    Labels domains, ports, peers, peer_ports;
    bool to_self = false; ///< the domain's own label is a peer, too
    int boolean = -1;     ///< the rule is there only if this one is ...
    bool when = true;     ///< ... this

    [[nodiscard]] bool has(Hook hook) const { return (hooks >> static_cast<unsigned>(hook) & 1) != 0; }
    [[nodiscard]] bool peer(unsigned domain, unsigned other) const
    {
        return peers[other] || (to_self && domain == other);
    }
};

/// Numbers of labels; those that the hook has not are of no meaning.
struct Question
{
    Hook hook;
    unsigned domain, port, peer, peer_port;
};

struct Rules
{
    std::string file;
    std::vector<std::string> labels;
    std::vector<std::string> port_labels; ///< the first is `other`: ports without a range
    std::vector<Range> ranges;            ///< ascending
    std::vector<Boolean> booleans;
    std::vector<Rule> rules;

    /// The first rule that allows it; null: denied.
    [[nodiscard]] const Rule* decide(const Question&) const;
    [[nodiscard]] bool in_force(const Rule& rule) const
    {
        return rule.boolean < 0 || booleans[static_cast<size_t>(rule.boolean)].value == rule.when;
    }

    [[nodiscard]] unsigned label_of_port(uint32_t port) const;
    /// Throw Trouble for a name that is none.
    [[nodiscard]] unsigned label(std::string_view name) const;
    void set(std::string_view boolean, bool value);
};

/// The label of ports that are in no range.
inline constexpr std::string_view other_ports = "other";

/// Throw Trouble whose sentence begins with `file:line:`.
Rules parse_rules(std::string_view text, const std::string& file);
Rules read_rules(const std::string& file);

/// A text file of somebody's, whole. Throws Trouble.
std::string read_text(const std::string& file);

} // namespace argo::policy
