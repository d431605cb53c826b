// SPDX-License-Identifier: Apache-2.0 OR MIT
// OpenXT's firewall as rules by labels.
//
// The list is evaluated for each kind of message there is: domids and ports that some command names, and one
// for all others. What passes is written down as rules that allow it; their order does not matter any more.
#include "policy/viptables.hpp"

#include "kvm/suggest.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <span>

namespace argo::policy {

namespace {

constexpr uint32_t any_port = 0xffffffff;
constexpr uint32_t any_domid = 0x7ff4;
constexpr size_t most_commands = 1024;
constexpr size_t most_kinds = 100'000'000;
constexpr std::string_view others = "others_t";

/// None: any.
struct Match
{
    std::optional<uint32_t> domain_in, domain_out, port_in, port_out;

    bool operator==(const Match&) const = default;
};

struct Entry
{
    Match match;
    bool accept;
    unsigned line;
};

struct Option
{
    std::string_view brief, word;
    std::optional<uint32_t> Match::*member;
    uint32_t any;
    uint32_t most;
};
constexpr Option options[] = {
    {"-d", "--dom-in", &Match::domain_in, any_domid, 0xffff},
    {"-e", "--dom-out", &Match::domain_out, any_domid, 0xffff},
    {"-p", "--port-in", &Match::port_in, any_port, any_port},
    {"-q", "--port-out", &Match::port_out, any_port, any_port},
};

constexpr std::string_view commands[] = {"-A",       "-I",       "-D",       "-F",      "-L",
                                         "--append", "--insert", "--delete", "--flush", "--list"};

/// The list while its commands are carried out.
class Firewall
{
  public:
    explicit Firewall(const std::string& file) : file_(file) {}

    void obey(std::string_view command, unsigned line)
    {
        line_ = line;
        auto words = split(command);
        if (words.empty()) return;
        if (words.front() == "viptables" || words.front().ends_with("/viptables")) words.erase(words.begin());
        if (words.empty()) refuse("viptables alone does nothing");
        auto verb = words.front();
        const auto known = std::ranges::find(commands, verb);
        if (known == std::end(commands)) {
            refuse("'{}' is no command of viptables; there are {}{}", printable(verb),
                   kvm::enumerate(std::span(commands).first(5)), kvm::did_you_mean(verb, commands));
        }
        const auto which = (known - std::begin(commands)) % 5;
        words.erase(words.begin());
        std::optional<uint32_t> position;
        if ((which == 1 || which == 2) && !words.empty() && !words.front().starts_with('-')) {
            position = number(words.front(), most_commands, "a position");
            words.erase(words.begin());
        }
        if (which >= 3) {
            if (!words.empty())
                refuse("'{}' takes nothing more, and '{}' follows", verb, printable(words.front()));
            if (which == 3) entries_.clear();
            return;
        }
        change(which == 0 ? Change::append : which == 1 ? Change::insert : Change::remove, position, words);
    }

    [[nodiscard]] bool passes(const Match& message) const
    {
        const auto matches = [](const auto& wanted, const auto& found) { return !wanted || wanted == found; };
        for (const auto& [match, accept, line] : entries_) {
            if (matches(match.domain_in, message.domain_in) &&
                matches(match.domain_out, message.domain_out) && matches(match.port_in, message.port_in) &&
                matches(match.port_out, message.port_out))
                return accept;
        }
        return true;
    }

    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  private:
    enum class Change
    {
        append,
        insert,
        remove,
    };

    template <class... Arguments>
    [[noreturn]] void refuse(fmt::format_string<Arguments...> format, Arguments&&... arguments)
    {
        trouble("{}:{}: {}", file_, line_, fmt::format(format, std::forward<Arguments>(arguments)...));
    }

    static std::string printable(std::string_view text)
    {
        std::string result(text.substr(0, 40));
        std::ranges::replace_if(
            result, [](char c) { return c < ' ' || c > '~'; }, '?');
        return result;
    }

    static std::vector<std::string_view> split(std::string_view text)
    {
        constexpr std::string_view blank = " \t\r";
        text = text.substr(0, text.find('#'));
        std::vector<std::string_view> words;
        for (size_t at = 0; (at = text.find_first_not_of(blank, at)) != std::string_view::npos;) {
            const size_t end = std::min(text.find_first_of(blank, at), text.size());
            words.push_back(text.substr(at, end - at));
            at = end;
        }
        return words;
    }

    uint32_t number(std::string_view word, uint64_t most, std::string_view what)
    {
        const bool hexadecimal = word.starts_with("0x");
        const auto digits = hexadecimal ? word.substr(2) : word;
        uint64_t value = 0;
        const auto* end = digits.data() + digits.size();
        const auto result = std::from_chars(digits.data(), end, value, hexadecimal ? 16 : 10);
        if (digits.empty() || result.ec != std::errc() || result.ptr != end || value > most)
            refuse("'{}' is no number for {}; it goes up to {}", printable(word), what, most);
        return static_cast<uint32_t>(value);
    }

    void change(Change change, std::optional<uint32_t> position, std::span<const std::string_view> words)
    {
        Entry entry{{}, true, line_};
        bool target = false;
        for (size_t i = 0; i < words.size(); i += 2) {
            const auto word = words[i];
            if (i + 1 == words.size()) refuse("a value has to follow '{}'", printable(word));
            if (word == "-j" || word == "--jump") {
                if (words[i + 1] != "ACCEPT" && words[i + 1] != "REJECT")
                    refuse("'{}' is no target; there are ACCEPT and REJECT", printable(words[i + 1]));
                entry.accept = words[i + 1] == "ACCEPT";
                target = true;
                continue;
            }
            const auto option = std::ranges::find_if(
                options, [&](const Option& each) { return word == each.brief || word == each.word; });
            if (option == std::end(options))
                refuse("'{}' is no option; there are -d, -e, -p, -q and -j", printable(word));
            const auto value = number(words[i + 1], option->most, option->word);
            entry.match.*option->member = value == option->any ? std::nullopt : std::optional(value);
        }
        switch (change) {
        case Change::append:
        case Change::insert: {
            if (!target) refuse("the rule has no target; add -j ACCEPT or -j REJECT");
            if (entries_.size() == most_commands) refuse("there are more than {} rules", most_commands);
            // From 1; one that is not there, and none at all for -A, means the end.
            const auto wanted = change == Change::insert ? position.value_or(1) : 0;
            const bool inside = wanted >= 1 && wanted <= entries_.size();
            entries_.insert(inside ? entries_.begin() + (wanted - 1) : entries_.end(), entry);
            break;
        }
        case Change::remove: {
            auto at = entries_.end();
            if (position && *position >= 1 && *position <= entries_.size())
                at = entries_.begin() + (*position - 1);
            if (!position) at = std::ranges::find(entries_, entry.match, &Entry::match);
            if (at == entries_.end()) refuse("there is no such rule to delete");
            entries_.erase(at);
            break;
        }
        }
    }

    const std::string& file_;
    unsigned line_ = 0;
    std::vector<Entry> entries_;
};

std::string quoted(const std::vector<std::string>& words)
{
    std::string text;
    for (const auto& word : words) text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", word);
    return words.size() == 1 ? text : fmt::format("[{}]", text);
}

class Translation
{
  public:
    Translation(const Firewall& firewall, const DomainLabels& labels) : firewall_(firewall)
    {
        std::set<uint32_t> domids, numbers;
        for (const auto& [match, accept, line] : firewall.entries()) {
            for (const auto& domid : {match.domain_in, match.domain_out})
                if (domid) domids.insert(*domid);
            for (const auto& port : {match.port_in, match.port_out})
                if (port) numbers.insert(*port);
        }
        for (const auto& [domid, label] : labels) domids.insert(domid);
        for (const auto domid : domids) {
            const auto named = labels.find(static_cast<uint16_t>(domid));
            domains_.push_back(
                {domid, named != labels.end() ? named->second : fmt::format("domain_{}_t", domid)});
        }
        domains_.push_back({std::nullopt, std::string(others)});
        // Every kind of message is looked at; nobody has so many.
        const auto kinds = domids.size() * domids.size() * numbers.size() * numbers.size();
        if (domids.size() > 250 || numbers.size() > 250 ||
            kinds > most_kinds / (firewall.entries().size() + 1)) {
            trouble("{} domids and {} ports in {} rules are too many to be told apart; import a part of them",
                    domids.size(), numbers.size(), firewall.entries().size());
        }
        for (const auto port : numbers) ports_.push_back({port, fmt::format("port_{}", port)});
        ports_.push_back({std::nullopt, std::string(other_ports)});
    }

    std::string text() const
    {
        std::vector<std::string> labels;
        for (const auto& [domid, label] : domains_) {
            if (std::ranges::find(labels, label) == labels.end()) labels.push_back(label);
        }
        std::string text = fmt::format("labels = {}\n", quoted(labels));
        if (ports_.size() > 1) text += "\n[ports]\n";
        for (const auto& [port, label] : ports_) {
            if (port) text += fmt::format("{} = {}\n", label, *port);
        }
        text += "\n# viptables looks at messages only; everything else was free.\n"
                "[[allow]]\nhooks = [\"enable\", \"vector\", \"register\", \"accept\", \"wildcard\", "
                "\"notify\"]\n"
                "domain = \"*\"\nport = \"*\"\npeer = \"*\"\npeer_port = \"*\"\n";
        for (const auto& rule : rules()) text += rule;
        return text;
    }

  private:
    /// A domid or a port, and its label; none: all that have no label of their own.
    struct Part
    {
        std::optional<uint32_t> number;
        std::string label;
    };

    /// First, for each three of sender, receiver and source port, the ports that may be reached; then those
    /// that reach the same are put together, source ports and senders.
    std::vector<std::string> rules() const
    {
        using Words = std::vector<std::string>;
        std::map<std::tuple<std::string, std::string, Words>, Words>
            by_ports; // from, to, their ports: own ports
        for (const auto& from : domains_) {
            for (const auto& to : domains_) {
                for (const auto& port : ports_) {
                    Words reached;
                    for (const auto& other : ports_) {
                        if (firewall_.passes({from.number, to.number, port.number, other.number}))
                            reached.push_back(other.label);
                    }
                    if (!reached.empty()) by_ports[{from.label, to.label, reached}].push_back(port.label);
                }
            }
        }
        std::map<std::tuple<Words, std::string, Words>, Words> by_sender; // own ports, to, their ports: from
        for (const auto& [key, own] : by_ports) {
            const auto& [from, to, reached] = key;
            by_sender[{own, to, reached}].push_back(from);
        }
        std::map<std::tuple<Words, Words, Words>, Words> whole; // from, own ports, their ports: to
        for (const auto& [key, from] : by_sender) {
            const auto& [own, to, reached] = key;
            whole[{from, own, reached}].push_back(to);
        }
        std::vector<std::string> result;
        for (const auto& [key, to] : whole) {
            const auto& [from, own, reached] = key;
            result.push_back(fmt::format(
                "\n[[allow]]\nhooks = \"send\"\ndomain = {}\nport = {}\npeer = {}\npeer_port = {}\n",
                all(from, domains_), all(own, ports_), all(to, domains_), all(reached, ports_)));
        }
        return result;
    }

    static std::string all(const std::vector<std::string>& words, const std::vector<Part>& parts)
    {
        return words.size() == parts.size() ? "\"*\"" : quoted(words);
    }

    const Firewall& firewall_;
    std::vector<Part> domains_, ports_;
};

} // namespace

std::string import_viptables(std::string_view text, const std::string& file, const DomainLabels& labels)
{
    for (auto one = labels.begin(); one != labels.end(); ++one) {
        for (auto other = std::next(one); other != labels.end(); ++other) {
            if (one->second == other->second) {
                trouble("domids {} and {} have the label '{}'; viptables' rules can tell them apart, so give "
                        "each "
                        "its own",
                        one->first, other->first, one->second);
            }
        }
    }
    Firewall firewall(file);
    unsigned line = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        firewall.obey(text.substr(0, end), ++line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    const auto rules = fmt::format("# From {}. Made by argo-policy import viptables.\n{}",
                                   file.substr(file.rfind('/') + 1), Translation(firewall, labels).text());
    parse_rules(rules, file + " (as rules)"); // labels that are none, or too many of something
    return rules;
}

} // namespace argo::policy
