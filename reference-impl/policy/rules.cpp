// SPDX-License-Identifier: Apache-2.0 OR MIT
// The rules of a policy as people write them.
#include "policy/rules.hpp"

#include "kvm/suggest.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

namespace argo::policy {

using kvm::did_you_mean;
using kvm::enumerate;

const std::vector<HookWords> hook_words = {
    {Hook::enable, "enable", false, false, false, "may use Argo at all"},
    {Hook::register_ring, "register", true, false, false, "may own a ring on the port"},
    {Hook::accept, "accept", true, true, false, "may name the peer as partner of a ring on the port"},
    {Hook::wildcard, "wildcard", true, false, false, "may offer a ring on the port to any sender"},
    {Hook::send, "send", true, true, true, "may send from the port to the peer's"},
    {Hook::notify, "notify", false, true, true, "may ask about the peer's port"},
    {Hook::vector, "vector", false, false, false, "may bind events to an interrupt"},
};

const HookWords& words(Hook hook) { return hook_words[static_cast<size_t>(hook)]; }

namespace {

/// Of draft operations; no hypervisor asks them yet.
constexpr std::string_view reserved_hooks[] = {"reserve", "route", "doorbell", "resolve"};

constexpr size_t largest_file = 1024 * 1024;
constexpr size_t longest_name = engine::policy_name_size - 1;
constexpr size_t most_booleans = 12;

template <class Container, class Name>
std::vector<std::string_view> names_of(const Container& container, Name name)
{
    std::vector<std::string_view> names;
    for (const auto& each : container) names.push_back(std::invoke(name, each));
    return names;
}

std::vector<std::string_view> names_of(const std::vector<std::string>& strings)
{
    return {strings.begin(), strings.end()};
}

unsigned line_of(const toml::node& node) { return node.source().begin.line; }

/// Reads one file; `rules_` fills up as it goes.
class Reader
{
  public:
    explicit Reader(const std::string& file) { rules_.file = file; }

    Rules read(const toml::table& document)
    {
        static constexpr std::string_view keys[] = {"labels", "ports", "booleans", "allow"};
        expect_keys(document, keys, "the rules");
        read_labels(document);
        read_ports(document);
        read_booleans(document);
        read_allows(document);
        return std::move(rules_);
    }

  private:
    template <class... Arguments>
    [[noreturn]] void refuse(unsigned line, fmt::format_string<Arguments...> format, Arguments&&... arguments)
    {
        trouble("{}:{}: {}", rules_.file, line, fmt::format(format, std::forward<Arguments>(arguments)...));
    }

    void expect_keys(const toml::table& table, std::span<const std::string_view> keys, std::string_view where)
    {
        for (const auto& [key, node] : table) {
            if (std::ranges::find(keys, key.str()) != keys.end()) continue;
            refuse(key.source().begin.line, "unknown key '{}' in {}{}", key.str(), where,
                   did_you_mean(key.str(), keys));
        }
    }

    /// A name that is good in every form a policy takes.
    std::string name(std::string_view name, unsigned line, std::string_view of)
    {
        constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
        if (name.empty() || name.find_first_not_of(allowed) != std::string_view::npos || name[0] < 'a') {
            refuse(line,
                   "'{}' is no name for {}; it takes lower-case letters, digits and '_', a letter first",
                   printable(name), of);
        }
        if (name.size() > longest_name)
            refuse(line, "'{}' has {} characters; {} are the most", name, name.size(), longest_name);
        return std::string(name);
    }

    static std::string printable(std::string_view text)
    {
        std::string result(text.substr(0, longest_name));
        std::ranges::replace_if(
            result, [](char c) { return c < ' ' || c > '~'; }, '?');
        return result;
    }

    std::string_view text(const toml::node& node, std::string_view what)
    {
        if (const auto* string = node.as_string()) return **string;
        refuse(line_of(node), "{} takes a text in quotes", what);
    }

    const toml::table& table(const toml::node& node, std::string_view what)
    {
        if (const auto* table = node.as_table()) return *table;
        refuse(line_of(node), "{} is a table", what);
    }

    /// The node itself, or what a list of such holds.
    static std::vector<const toml::node*> elements(const toml::node& node)
    {
        std::vector<const toml::node*> result;
        if (const auto* list = node.as_array()) {
            for (const auto& element : *list) result.push_back(&element);
        } else {
            result.push_back(&node);
        }
        return result;
    }

    void read_labels(const toml::table& document)
    {
        const auto* node = document.get("labels");
        if (node == nullptr) refuse(1, "there is no 'labels'; it lists the labels of domains");
        for (const auto* element : elements(*node)) {
            auto label = name(text(*element, "'labels'"), line_of(*element), "a label");
            if (label == "self")
                refuse(line_of(*element), "'self' is no label: it means the domain's own one");
            if (std::ranges::find(rules_.labels, label) != rules_.labels.end())
                refuse(line_of(*element), "label '{}' stands here twice", label);
            if (rules_.labels.size() == engine::policy_most_labels)
                refuse(line_of(*element), "there are more than {} labels", engine::policy_most_labels);
            rules_.labels.push_back(std::move(label));
        }
    }

    uint32_t port(std::string_view digits, unsigned line, std::string_view whole)
    {
        uint64_t value = 0;
        const bool hexadecimal = digits.starts_with("0x");
        const auto number = hexadecimal ? digits.substr(2) : digits;
        const auto* end = number.data() + number.size();
        const auto result = std::from_chars(number.data(), end, value, hexadecimal ? 16 : 10);
        if (number.empty() || result.ec != std::errc() || result.ptr != end || value > UINT32_MAX) {
            refuse(line,
                   "'{}' is no range of ports; write 7, \"0x10-0x1f\" or a list of such, up to 0xffffffff",
                   printable(whole));
        }
        return static_cast<uint32_t>(value);
    }

    void read_range(const toml::node& node, unsigned label)
    {
        const unsigned line = line_of(node);
        Range range{0, 0, label, line};
        if (const auto* number = node.as_integer()) {
            if (**number < 0 || **number > UINT32_MAX)
                refuse(line, "{} is no port; they go from 0 to 0xffffffff", **number);
            range.first = range.last = static_cast<uint32_t>(**number);
        } else {
            const auto whole = text(node, fmt::format("the range of '{}'", rules_.port_labels[label]));
            const auto dash = whole.find('-');
            range.first = port(whole.substr(0, dash), line, whole);
            range.last =
                dash == std::string_view::npos ? range.first : port(whole.substr(dash + 1), line, whole);
        }
        if (range.last < range.first)
            refuse(line, "the range {:#x}-{:#x} ends before it begins", range.first, range.last);
        const auto near = std::ranges::find_if(rules_.ranges, [&](const Range& other) {
            return range.first <= other.last && other.first <= range.last;
        });
        if (near != rules_.ranges.end()) {
            refuse(line, "{:#x}-{:#x} of '{}' overlaps {:#x}-{:#x} of '{}' in line {}; a port has one label",
                   range.first, range.last, rules_.port_labels[label], near->first, near->last,
                   rules_.port_labels[near->label], near->line);
        }
        if (rules_.ranges.size() == engine::policy_most_ranges)
            refuse(line, "there are more than {} ranges of ports", engine::policy_most_ranges);
        rules_.ranges.push_back(range);
    }

    void read_ports(const toml::table& document)
    {
        rules_.port_labels.emplace_back(other_ports);
        const auto* node = document.get("ports");
        if (node == nullptr) return;
        for (const auto& [key, ranges] : table(*node, "'ports'")) {
            const unsigned line = key.source().begin.line;
            auto label = name(key.str(), line, "a label of ports");
            if (label == other_ports)
                refuse(line, "'{}' is the label of the ports that have no range; it takes none", other_ports);
            if (rules_.port_labels.size() == engine::policy_most_port_labels)
                refuse(line, "there are more than {} labels of ports", engine::policy_most_port_labels - 1);
            rules_.port_labels.push_back(std::move(label));
            const auto all = elements(ranges);
            if (all.empty()) refuse(line, "'{}' has no range", key.str());
            for (const auto* range : all)
                read_range(*range, static_cast<unsigned>(rules_.port_labels.size() - 1));
        }
        std::ranges::sort(rules_.ranges, {}, &Range::first);
    }

    void read_booleans(const toml::table& document)
    {
        const auto* node = document.get("booleans");
        if (node == nullptr) return;
        for (const auto& [key, value] : table(*node, "'booleans'")) {
            const auto* set = value.as_boolean();
            if (set == nullptr) refuse(line_of(value), "boolean '{}' is true or false", key.str());
            if (rules_.booleans.size() == most_booleans)
                refuse(line_of(value), "there are more than {} booleans", most_booleans);
            rules_.booleans.push_back({name(key.str(), key.source().begin.line, "a boolean"), **set});
        }
    }

    void read_hooks(const toml::node& node, Rule& rule)
    {
        const auto known = names_of(hook_words, &HookWords::name);
        for (const auto* element : elements(node)) {
            const auto word = text(*element, "'hooks'");
            const unsigned line = line_of(*element);
            if (std::ranges::find(reserved_hooks, word) != std::end(reserved_hooks)) {
                refuse(line, "hook '{}' is reserved for a draft operation; nothing asks it yet", word);
            }
            const auto found = std::ranges::find(hook_words, word, &HookWords::name);
            if (found == hook_words.end()) {
                refuse(line, "'{}' is no hook; there are {}{}", printable(word), enumerate(known),
                       did_you_mean(word, known));
            }
            if (rule.has(found->hook)) refuse(line, "hook '{}' stands here twice", word);
            rule.hooks |= 1u << static_cast<unsigned>(found->hook);
        }
        if (rule.hooks == 0) refuse(line_of(node), "'hooks' is empty");
    }

    /// A name or a list of names; "*" is all of them, "-name" takes one out again.
    void read_set(const toml::node& node, std::string_view key, const std::vector<std::string>& known,
                  Labels& set, bool* self)
    {
        for (const auto* element : elements(node)) {
            const unsigned line = line_of(*element);
            auto word = text(*element, fmt::format("'{}'", key));
            if (word == "*") {
                for (size_t i = 0; i < known.size(); ++i) set.set(i);
                continue;
            }
            if (word == "self" && self != nullptr) {
                *self = true;
                continue;
            }
            const bool out = word.starts_with('-');
            if (out) word.remove_prefix(1);
            const auto found = std::ranges::find(known, word);
            if (found == known.end()) {
                refuse(line, "'{}' in '{}' is not declared{}", printable(word), key,
                       did_you_mean(word, names_of(known)));
            }
            const auto number = static_cast<size_t>(found - known.begin());
            if (set[number] != out)
                refuse(line, "'{}' in '{}' {}", word, key,
                       out ? "is taken out, and is not there; put it behind \"*\"" : "is there already");
            set.set(number, !out);
        }
        if (set.none() && (self == nullptr || !*self))
            refuse(line_of(node), "'{}' is empty, so the rule allows nothing", key);
    }

    void read_condition(const toml::node& node, Rule& rule)
    {
        auto word = text(node, "'if'");
        rule.when = !word.starts_with('!');
        if (!rule.when) word.remove_prefix(1);
        const auto found = std::ranges::find(rules_.booleans, word, &Boolean::name);
        if (found == rules_.booleans.end()) {
            refuse(line_of(node), "'{}' in 'if' is no boolean{}", printable(word),
                   did_you_mean(word, names_of(rules_.booleans, &Boolean::name)));
        }
        rule.boolean = static_cast<int>(found - rules_.booleans.begin());
    }

    void read_allow(const toml::table& allow)
    {
        static constexpr std::string_view keys[] = {"hooks", "domain", "port", "peer", "peer_port", "if"};
        Rule rule;
        rule.line = line_of(allow);
        expect_keys(allow, keys, "[[allow]]");
        const auto needed = [&](std::string_view key) -> const toml::node& {
            if (const auto* node = allow.get(key)) return *node;
            refuse(rule.line, "[[allow]] has no '{}'{}", key,
                   key == "hooks" ? "" : fmt::format("; {} = \"*\" is all there are", key));
        };
        read_hooks(needed("hooks"), rule);
        read_set(needed("domain"), "domain", rules_.labels, rule.domains, nullptr);
        const auto read_part = [&](std::string_view key, bool HookWords::*part, const auto& known,
                                   Labels& set, bool* self) {
            const bool asked = std::ranges::any_of(
                hook_words, [&](const HookWords& hook) { return rule.has(hook.hook) && hook.*part; });
            if (asked) return read_set(needed(key), key, known, set, self);
            if (const auto* node = allow.get(key))
                refuse(line_of(*node), "none of the hooks of this rule has a '{}'", key);
        };
        read_part("port", &HookWords::port, rules_.port_labels, rule.ports, nullptr);
        read_part("peer", &HookWords::peer, rules_.labels, rule.peers, &rule.to_self);
        read_part("peer_port", &HookWords::peer_port, rules_.port_labels, rule.peer_ports, nullptr);
        if (const auto* node = allow.get("if")) read_condition(*node, rule);
        if (rules_.rules.size() == engine::policy_most_rules)
            refuse(rule.line, "there are more than {} rules", engine::policy_most_rules);
        rules_.rules.push_back(rule);
    }

    void read_allows(const toml::table& document)
    {
        const auto* node = document.get("allow");
        if (node == nullptr) return;
        const auto* list = node->as_array();
        if (list == nullptr) refuse(line_of(*node), "a rule begins with [[allow]], in two pairs of brackets");
        for (const auto& element : *list) read_allow(table(element, "[[allow]]"));
    }

    Rules rules_;
};

} // namespace

const Rule* Rules::decide(const Question& question) const
{
    const auto& has = words(question.hook);
    for (const auto& rule : rules) {
        if (rule.has(question.hook) && in_force(rule) && rule.domains[question.domain] &&
            (!has.port || rule.ports[question.port]) &&
            (!has.peer || rule.peer(question.domain, question.peer)) &&
            (!has.peer_port || rule.peer_ports[question.peer_port])) {
            return &rule;
        }
    }
    return nullptr;
}

unsigned Rules::label_of_port(uint32_t port) const
{
    const auto above = std::ranges::upper_bound(ranges, port, {}, &Range::first);
    return above != ranges.begin() && port <= std::prev(above)->last ? std::prev(above)->label : 0;
}

unsigned Rules::label(std::string_view name) const
{
    const auto found = std::ranges::find(labels, name);
    if (found == labels.end()) {
        trouble("{}: there is no label '{}'{}", file, name, did_you_mean(name, names_of(labels)));
    }
    return static_cast<unsigned>(found - labels.begin());
}

void Rules::set(std::string_view boolean, bool value)
{
    const auto found = std::ranges::find(booleans, boolean, &Boolean::name);
    if (found == booleans.end()) {
        trouble("{}: there is no boolean '{}'{}", file, boolean,
                did_you_mean(boolean, names_of(booleans, &Boolean::name)));
    }
    found->value = value;
}

Rules parse_rules(std::string_view text, const std::string& file)
try {
    return Reader(file).read(toml::parse(text, file));
} catch (const toml::parse_error& error) {
    trouble("{}:{}: {}", file, error.source().begin.line, error.description());
}

std::string read_text(const std::string& file)
{
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error))
        trouble("{}: cannot be read: {}", file, error ? error.message() : "not a file");
    if (std::filesystem::file_size(file, error) > largest_file)
        trouble("{}: is larger than {} bytes, which no policy is", file, largest_file);
    std::ifstream stream(file, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(stream), {});
    if (!stream) trouble("{}: cannot be read: {}", file, std::strerror(errno));
    return text;
}

Rules read_rules(const std::string& file) { return parse_rules(read_text(file), file); }

} // namespace argo::policy
