// SPDX-License-Identifier: Apache-2.0 OR MIT
// What argo-policy explains is what the engine does: for every pair of ends in the suite's policy, under
// every setting of its booleans, and for rules with every word of the language.
#include "engine/policy.hpp"
#include "policy/compile.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace argo::policy {
namespace {

std::vector<uint64_t> aligned(const std::string& image)
{
    std::vector<uint64_t> bytes(image.size() / sizeof(uint64_t) + 1);
    std::memcpy(bytes.data(), image.data(), image.size());
    return bytes;
}

/// Each end and the middle of each range, and what is beside them.
std::vector<uint32_t> samples(const Rules& rules)
{
    std::vector<uint32_t> ports{0, 9, UINT32_MAX};
    for (const auto& range : rules.ranges) {
        for (const uint32_t port : {range.first - 1, range.first,
                                    range.first + (range.last - range.first) / 2, range.last, range.last + 1})
            ports.push_back(port);
    }
    return ports;
}

void expect_agreement(const Rules& rules)
{
    const auto image = compile_for_engine(rules);
    const auto bytes = aligned(image);
    const std::span view(reinterpret_cast<const std::byte*>(bytes.data()), image.size());
    ASSERT_EQ(engine::Policy::fault(view), nullptr);
    engine::LabelledPolicy labelled{engine::Policy(view)};
    for (uint16_t domid = 0; domid < rules.labels.size(); ++domid)
        ASSERT_TRUE(labelled.assign(domid, rules.labels[domid].c_str()));

    uint64_t denials = 0;
    engine::Monitor monitor(
        [](void* count, const engine::Denial&) noexcept { ++*static_cast<uint64_t*>(count); }, &denials);
    monitor.install(&labelled);

    const auto ports = samples(rules);
    uint64_t denied = 0;
    for (const auto& has : hook_words) {
        for (uint16_t domain = 0; domain < rules.labels.size(); ++domain) {
            for (uint16_t peer = 0; peer < (has.peer ? rules.labels.size() : 1); ++peer) {
                for (const auto port : has.port ? ports : std::vector<uint32_t>{0}) {
                    for (const auto peer_port : has.peer_port ? ports : std::vector<uint32_t>{0}) {
                        const bool explained =
                            rules.decide({has.hook, domain, rules.label_of_port(port), peer,
                                          rules.label_of_port(peer_port)}) != nullptr;
                        denied += !explained;
                        // Twice: computed, and as the cache has it.
                        for (int i = 0; i < 2; ++i) {
                            EXPECT_EQ(monitor.allows({has.hook, domain, port, peer, peer_port}), explained)
                                << has.name << ' ' << rules.labels[domain] << ':' << port << " -> "
                                << rules.labels[peer] << ':' << peer_port;
                        }
                    }
                }
            }
        }
    }
    EXPECT_EQ(denials, 2 * denied); // a record of each, and of no other
    EXPECT_GT(monitor.cached(), 0u);
}

TEST(Agreement, HoldsForTheSuitesPolicy)
{
    auto rules = read_rules(ARGO_SUITE_POLICY);
    ASSERT_GT(rules.booleans.size(), 0u);
    for (unsigned values = 0; values >> rules.booleans.size() == 0; ++values) {
        for (size_t i = 0; i < rules.booleans.size(); ++i) rules.booleans[i].value = (values >> i & 1) != 0;
        expect_agreement(rules);
    }
}

TEST(Agreement, HoldsForEveryWordOfTheLanguage)
{
    expect_agreement(parse_rules(R"(
        labels = ["a_t", "b_t", "c_t"]
        [ports]
        low = [1, "3-5"]
        high = "0xfffffff0-0xffffffff"
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
        hooks = "enable"
        domain = "c_t"
    )",
                                 "words.toml"));
}

TEST(Agreement, HoldsWhereNothingIsAllowed)
{
    expect_agreement(parse_rules("labels = \"a_t\"\n", "nothing.toml"));
}

} // namespace
} // namespace argo::policy
