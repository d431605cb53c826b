// SPDX-License-Identifier: Apache-2.0 OR MIT
// Rules in the form that the engine reads.
#include "policy/compile.hpp"

#include <algorithm>
#include <cstring>

namespace argo::policy {

namespace {

engine::PolicySet set_of(const Labels& labels)
{
    engine::PolicySet set{};
    for (uint32_t number = 0; number < labels.size(); ++number) {
        if (labels[number]) set.add(number);
    }
    return set;
}

template <class T>
void append(std::string& image, const T& value)
{
    image.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_name(std::string& image, const std::string& name)
{
    engine::PolicyName fixed{};
    std::memcpy(fixed.text, name.data(), std::min(name.size(), sizeof fixed.text - 1));
    append(image, fixed);
}

} // namespace

std::string compile_for_engine(const Rules& rules)
{
    std::vector<engine::PolicyRule> compiled;
    for (const auto& rule : rules.rules) {
        if (!rules.in_force(rule)) continue;
        engine::PolicyRule plain{rule.hooks,         rule.line,          set_of(rule.domains),
                                 set_of(rule.ports), set_of(rule.peers), set_of(rule.peer_ports)};
        if (!rule.to_self || rule.peers.any()) compiled.push_back(plain);
        if (!rule.to_self) continue;
        // "self" has no word in the engine: one rule for each domain.
        for (uint32_t domain = 0; domain < rules.labels.size(); ++domain) {
            if (!rule.domains[domain] || rule.peers[domain]) continue;
            auto own = plain;
            own.callers = own.others = {};
            own.callers.add(domain);
            own.others.add(domain);
            compiled.push_back(own);
        }
    }
    if (compiled.size() > engine::policy_most_rules) {
        trouble("{}: comes to {} rules with \"self\" written out; {} are the most", rules.file,
                compiled.size(), engine::policy_most_rules);
    }

    std::string image;
    engine::PolicyHeader header{engine::policy_magic,
                                0,
                                static_cast<uint32_t>(rules.labels.size()),
                                static_cast<uint32_t>(rules.port_labels.size()),
                                static_cast<uint32_t>(rules.ranges.size()),
                                static_cast<uint32_t>(compiled.size()),
                                0};
    append(image, header);
    for (const auto& label : rules.labels) append_name(image, label);
    for (const auto& label : rules.port_labels) append_name(image, label);
    for (const auto& range : rules.ranges)
        append(image, engine::PolicyRange{range.first, range.last, range.label, 0});
    for (const auto& rule : compiled) append(image, rule);
    header.size = static_cast<uint32_t>(image.size());
    std::memcpy(image.data(), &header, sizeof header);
    return image;
}

} // namespace argo::policy
