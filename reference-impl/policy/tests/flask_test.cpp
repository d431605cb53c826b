// SPDX-License-Identifier: Apache-2.0 OR MIT
// What FLASK decides by the module is what the rules say: for every pair of domains and ports, under every
// setting of the booleans. The module is read here as Xen's policy reads it, and the questions are those that
// Xen's hooks ask, in their order (reference-impl/xen/patches).
#include "policy/compile.hpp"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace argo::policy {
namespace {

/// The security server, as far as the module goes.
class Flask
{
  public:
    explicit Flask(const FlaskPolicy& policy)
    {
        read_module(policy.module);
        read_ranges(policy.ranges);
    }

    void set(const std::string& boolean, bool value)
    {
        if (booleans_.contains(boolean)) booleans_[boolean] = value;
    }
    size_t rules() const { return allowed_.size(); }

    bool allows(const Question& question, const Rules& rules, uint32_t port, uint32_t peer_port) const
    {
        const auto& domain = rules.labels[question.domain];
        const auto& peer = rules.labels[question.peer];
        // Upstream's hooks know a domain that means itself from another with its label; the rules do not.
        const auto domains = [&](const char* what) {
            const bool other = has(domain, peer, "argo", what);
            if (question.domain == question.peer) {
                EXPECT_EQ(has(domain, domain + "_self", "argo", what), other) << domain << ' ' << what;
            }
            return other;
        };
        switch (question.hook) {
        case Hook::enable: return has(domain, "xen_t", "argo", "enable");
        case Hook::vector: return has(domain, "xen_t", "argo", "vector");
        case Hook::send:
            return domains("send") && has(domain, label(port), "argo_port", "send") &&
                   has(domain, ring(peer, peer_port), "argo_ring", "send");
        case Hook::notify:
            return domains("send") && has(domain, ring(peer, peer_port), "argo_ring", "notify");
        default: ADD_FAILURE() << "no hook of a single question"; return false;
        }
    }

    bool registers(const std::string& domain, uint32_t port, const std::string* partner) const
    {
        const bool self = partner != nullptr && *partner == domain;
        const bool asked =
            partner == nullptr
                ? has(domain, "xen_t", "argo", "register_any_source")
                : has(domain, *partner, "argo", "register_single_source") &&
                      (!self || has(domain, domain + "_self", "argo", "register_single_source"));
        return asked && has(domain, label(port), "argo_port", "bind") &&
               has(domain, ring(domain, port), "argo_ring", "register") &&
               (partner == nullptr ? has(domain, ring(domain, port), "argo_ring", "wildcard")
                                   : has(ring(domain, port), *partner, "argo_ring", "accept"));
    }

  private:
    using Access = std::tuple<std::string, std::string, std::string, std::string>;

    void read_module(const std::string& text)
    {
        static const std::regex allow(R"(\s*allow (\w+) (\w+):(\w+) (\w+);)"),
            boolean(R"(bool (\w+) (\w+);)"), condition(R"(if \((!?)(\w+)\) \{)"),
            transition(R"(type_transition (\w+) (\w+):argo_ring (\w+);)"), other(R"(type \w+;|#.*|)");
        std::istringstream lines(text);
        std::pair<std::string, bool> when;
        for (std::string line; std::getline(lines, line);) {
            std::smatch found;
            if (std::regex_match(line, found, allow))
                allowed_[{found[1], found[2], found[3], found[4]}].insert(when);
            else if (std::regex_match(line, found, boolean))
                booleans_[found[1]] = found[2] == "true";
            else if (std::regex_match(line, found, condition))
                when = {found[2], found[1].length() == 0};
            else if (std::regex_match(line, found, transition))
                rings_[{found[1], found[2]}] = found[3];
            else if (line == "}")
                when = {};
            else
                EXPECT_TRUE(std::regex_match(line, other)) << line;
        }
    }

    void read_ranges(const std::string& text)
    {
        static const std::regex range(R"((0x\w+)-(0x\w+) system_u:object_r:(\w+))");
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            std::smatch found;
            ASSERT_TRUE(std::regex_match(line, found, range)) << line;
            ranges_.push_back({static_cast<uint32_t>(std::stoul(found[1], nullptr, 16)),
                               static_cast<uint32_t>(std::stoul(found[2], nullptr, 16)), found[3]});
        }
    }

    std::string label(uint32_t port) const
    {
        for (const auto& [low, high, type] : ranges_)
            if (low <= port && port <= high) return type;
        return "argo_port_t";
    }

    std::string ring(const std::string& owner, uint32_t port) const
    {
        const auto found = rings_.find({owner, label(port)});
        return found == rings_.end() ? label(port) : found->second;
    }

    bool has(const std::string& from, const std::string& to, const char* kind, const char* what) const
    {
        const auto found = allowed_.find({from, to, kind, what});
        if (found == allowed_.end()) return false;
        for (const auto& [boolean, value] : found->second)
            if (boolean.empty() || booleans_.at(boolean) == value) return true;
        return false;
    }

    std::map<Access, std::set<std::pair<std::string, bool>>> allowed_;
    std::map<std::pair<std::string, std::string>, std::string> rings_;
    std::vector<std::tuple<uint32_t, uint32_t, std::string>> ranges_;
    std::map<std::string, bool> booleans_;
};

/// One port of each label.
std::vector<uint32_t> samples(const Rules& rules)
{
    std::vector<uint32_t> ports{9};
    for (const auto& range : rules.ranges) ports.push_back(range.last);
    return ports;
}

void expect_agreement(const Rules& rules, const Flask& flask)
{
    const auto ports = samples(rules);
    unsigned allowed = 0, denied = 0;
    const auto expect = [&](bool by_flask, bool by_rules, const std::string& what) {
        EXPECT_EQ(by_flask, by_rules) << what;
        ++(by_rules ? allowed : denied);
    };
    const auto decide = [&](Hook hook, unsigned domain, uint32_t port, unsigned peer, uint32_t peer_port) {
        return rules.decide({hook, domain, rules.label_of_port(port), peer,
                             rules.label_of_port(peer_port)}) != nullptr;
    };
    const auto count = static_cast<unsigned>(rules.labels.size());
    for (unsigned domain = 0; domain < count; ++domain) {
        const auto& own = rules.labels[domain];
        for (const auto hook : {Hook::enable, Hook::vector}) {
            expect(flask.allows({hook, domain, 0, domain, 0}, rules, 0, 0), decide(hook, domain, 0, 0, 0),
                   own + ' ' + std::string(words(hook).name));
        }
        for (const auto port : ports) {
            const bool may = decide(Hook::register_ring, domain, port, 0, 0);
            expect(flask.registers(own, port, nullptr), may && decide(Hook::wildcard, domain, port, 0, 0),
                   fmt::format("{}:{:#x} for all", own, port));
            for (unsigned peer = 0; peer < count; ++peer) {
                const auto& other = rules.labels[peer];
                expect(flask.registers(own, port, &other), may && decide(Hook::accept, domain, port, peer, 0),
                       fmt::format("{}:{:#x} for {}", own, port, other));
                for (const auto peer_port : ports) {
                    for (const auto hook : {Hook::send, Hook::notify}) {
                        expect(flask.allows({hook, domain, 0, peer, 0}, rules, port, peer_port),
                               decide(hook, domain, port, peer, peer_port),
                               fmt::format("{} {}:{:#x} -> {}:{:#x}", words(hook).name, own, port, other,
                                           peer_port));
                    }
                }
            }
        }
    }
    EXPECT_GT(allowed, 0u);
    EXPECT_GT(denied, 0u);
}

void expect_agreement(Rules rules)
{
    Flask flask(compile_for_flask(rules, {}));
    EXPECT_GT(flask.rules(), 0u);
    for (unsigned values = 0; values >> rules.booleans.size() == 0; ++values) {
        for (size_t i = 0; i < rules.booleans.size(); ++i) {
            auto& [name, value] = rules.booleans[i];
            value = (values >> i & 1) != 0;
            flask.set(name, value);
        }
        expect_agreement(rules, flask);
    }
}

TEST(Flask, DecidesAsTheSuitesRules)
{
    const auto rules = read_rules(ARGO_SUITE_POLICY);
    ASSERT_GT(rules.booleans.size(), 0u);
    expect_agreement(rules);
}

TEST(Flask, DecidesAsRulesWithEveryWordOfTheLanguage)
{
    expect_agreement(parse_rules(R"(
        labels = ["a_t", "b_t", "c_t"]
        [ports]
        low = [1, "3-5"]
        high = "0xfffffff0-0xffffffff"
        [booleans]
        on = true
        [[allow]]
        hooks = ["send", "notify"]
        domain = "*"
        port = ["low", "other"]
        peer = "self"
        peer_port = ["*", "-high"]
        [[allow]]
        hooks = ["register", "accept"]
        domain = ["*", "-c_t"]
        port = "high"
        peer = ["self", "b_t"]
        [[allow]]
        hooks = "notify"
        domain = "a_t"
        peer = "c_t"
        peer_port = "low"
        if = "!on"
        [[allow]]
        hooks = "wildcard"
        domain = "b_t"
        port = "high"
        if = "on"
        [[allow]]
        hooks = "enable"
        domain = "c_t"
    )",
                                 "words.toml"));
}

} // namespace
} // namespace argo::policy
