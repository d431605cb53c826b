// SPDX-License-Identifier: Apache-2.0 OR MIT
// Which rule decides, and what guests see.
#include "policy/explain.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace argo::policy {

namespace {

constexpr uint32_t unused = 0;

/// What the guest sees of a denial, and of what else may come where it is allowed.
struct Outcome
{
    std::string_view denied, allowed;
};

Outcome outcome(Hook hook)
{
    switch (hook) {
    case Hook::enable: return {"no block in CPUID; every call is EACCES", "the block in CPUID"};
    case Hook::register_ring:
    case Hook::accept:
    case Hook::wildcard: return {"register_ring is EACCES", "register_ring may succeed"};
    case Hook::send:
        return {"sendv is EACCES, as to an absent domain", "bytes, or ECONNREFUSED while nobody listens"};
    case Hook::notify: return {"the entry reads 0, as for an absent ring", "the entry tells about the ring"};
    case Hook::vector: return {"vector is EACCES", "vector may succeed"};
    }
    return {};
}

std::string end_text(const Rules& rules, const End& end)
{
    return fmt::format("{}:{:#x} ({})", end.label, end.port,
                       rules.port_labels[rules.label_of_port(end.port)]);
}

/// One line, and whether it is allowed.
bool tell(std::string& text, const Rules& rules, Hook hook, const End& domain, const End& peer)
{
    const auto& has = words(hook);
    const auto* rule = rules.decide({hook, rules.label(domain.label), rules.label_of_port(domain.port),
                                     rules.label(peer.label), rules.label_of_port(peer.port)});
    auto who = domain.label;
    if (has.port) who += fmt::format(":{:#x}", domain.port);
    if (has.peer) who += fmt::format(" -> {}", peer.label);
    if (has.peer_port) who += fmt::format(":{:#x}", peer.port);
    const auto seen = outcome(hook);
    text +=
        fmt::format("  {:<9} {:<8} {:<38} {:<12} {}\n", has.name, rule ? "allowed" : "denied", who,
                    rule ? fmt::format("line {}", rule->line) : "no rule", rule ? seen.allowed : seen.denied);
    return rule != nullptr;
}

/// Ports at which either set of rules changes its mind: one of each piece stands for all of it.
std::vector<std::pair<uint32_t, uint32_t>> pieces(const Rules& one, const Rules& other)
{
    std::vector<uint64_t> cuts{0};
    for (const auto* rules : {&one, &other}) {
        for (const auto& range : rules->ranges) {
            cuts.push_back(range.first);
            cuts.push_back(uint64_t{range.last} + 1);
        }
    }
    std::ranges::sort(cuts);
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::vector<std::pair<uint32_t, uint32_t>> result;
    for (size_t i = 0; i < cuts.size(); ++i) {
        if (cuts[i] > UINT32_MAX) break;
        const uint64_t end = i + 1 < cuts.size() ? cuts[i + 1] - 1 : UINT32_MAX;
        result.emplace_back(static_cast<uint32_t>(cuts[i]), static_cast<uint32_t>(end));
    }
    return result;
}

/// Classes of ports that both sets of rules treat alike, and all of their pieces as text.
struct PortClass
{
    unsigned earlier, later; ///< labels
    std::string name;
};

std::vector<PortClass> classes(const Rules& earlier, const Rules& later)
{
    std::map<std::pair<unsigned, unsigned>, std::string> found;
    for (const auto& [first, last] : pieces(earlier, later)) {
        auto& text = found[{earlier.label_of_port(first), later.label_of_port(first)}];
        if (!text.empty()) text += ',';
        text += first == last ? fmt::format("{:#x}", first) : fmt::format("{:#x}-{:#x}", first, last);
    }
    std::vector<PortClass> result;
    for (const auto& [labels, text] : found) {
        const bool everywhere_else = labels == std::pair{0u, 0u};
        result.push_back({labels.first, labels.second,
                          everywhere_else ? std::string(other_ports)
                                          : fmt::format("{}[{}]", later.port_labels[labels.second], text)});
    }
    return result;
}

/// A label as each side numbers it; -1: it has none of that name.
struct Domain
{
    std::string name;
    int earlier, later;
};

int find(const Rules& rules, const std::string& name)
{
    const auto found = std::ranges::find(rules.labels, name);
    return found == rules.labels.end() ? -1 : static_cast<int>(found - rules.labels.begin());
}

bool allows(const Rules& rules, Hook hook, int domain, unsigned port, int peer, unsigned peer_port)
{
    if (domain < 0 || peer < 0) return false;
    return rules.decide({hook, static_cast<unsigned>(domain), port, static_cast<unsigned>(peer),
                         peer_port}) != nullptr;
}

} // namespace

End parse_end(std::string_view text)
{
    const auto colon = text.rfind(':');
    auto digits = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    const bool hexadecimal = digits.starts_with("0x");
    if (hexadecimal) digits.remove_prefix(2);
    uint32_t port = 0;
    const auto result =
        std::from_chars(digits.data(), digits.data() + digits.size(), port, hexadecimal ? 16 : 10);
    if (digits.empty() || result.ec != std::errc() || result.ptr != digits.data() + digits.size()) {
        trouble("'{}' is no end of a connection; write label:port, as guest_t:0x1000", text);
    }
    return {std::string(text.substr(0, colon)), port};
}

std::string explain(const Rules& rules, const End& from, const End& to)
{
    auto text = fmt::format("{}: {} -> {}\n", rules.file, end_text(rules, from), end_text(rules, to));
    const End nobody{from.label, unused};
    bool passes = true;
    text += fmt::format("the receiver, {}:\n", to.label);
    passes &= tell(text, rules, Hook::enable, to, nobody);
    const bool registers = tell(text, rules, Hook::register_ring, to, nobody);
    const bool specific = tell(text, rules, Hook::accept, to, from);
    const bool wildcard = tell(text, rules, Hook::wildcard, to, nobody);
    tell(text, rules, Hook::vector, to, nobody);
    text += fmt::format("the sender, {}:\n", from.label);
    passes &= tell(text, rules, Hook::enable, from, nobody);
    passes &= tell(text, rules, Hook::send, from, to);
    tell(text, rules, Hook::notify, from, to);
    tell(text, rules, Hook::vector, from, nobody);
    passes &= registers && (specific || wildcard);
    text += fmt::format("A message {}.\n", passes ? "passes, once the receiver has its ring" : "cannot pass");
    return text;
}

std::string difference(const Rules& earlier, const Rules& later)
{
    std::vector<Domain> domains;
    for (const auto* rules : {&earlier, &later}) {
        for (const auto& name : rules->labels) {
            if (std::ranges::find(domains, name, &Domain::name) == domains.end())
                domains.push_back({name, find(earlier, name), find(later, name)});
        }
    }
    const auto ports = classes(earlier, later);
    constexpr size_t most_questions = 50'000'000;
    const size_t ends = domains.size() * ports.size();
    if (ends > most_questions / ends / (earlier.rules.size() + later.rules.size() + 1)) {
        trouble("{} labels and {} kinds of ports are too many to compare pair by pair", domains.size(),
                ports.size());
    }
    const std::vector<Domain> no_peer{{"", 0, 0}};
    const std::vector<PortClass> no_port{{0, 0, ""}};

    std::string text;
    for (const auto& has : hook_words) {
        for (const auto& domain : domains) {
            for (const auto& peer : has.peer ? domains : no_peer) {
                for (const auto& port : has.port ? ports : no_port) {
                    for (const auto& peer_port : has.peer_port ? ports : no_port) {
                        const bool before = allows(earlier, has.hook, domain.earlier, port.earlier,
                                                   peer.earlier, peer_port.earlier);
                        const bool after =
                            allows(later, has.hook, domain.later, port.later, peer.later, peer_port.later);
                        if (before == after) continue;
                        text += fmt::format("{} {} {}", after ? '+' : '-', has.name, domain.name);
                        if (has.port) text += ":" + port.name;
                        if (has.peer) text += " -> " + peer.name;
                        if (has.peer_port) text += ":" + peer_port.name;
                        text += '\n';
                    }
                }
            }
        }
    }
    return text;
}

} // namespace argo::policy
