// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Mandatory access control: images that are none, verdicts and their cache, records, and the replacement of a
// policy while calls run. That decisions are those of the rules is the matter of reference-impl/policy/tests.
#include "engine/policy.hpp"
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

/// An image made by hand: labels a_t and b_t, ports 16 to 31 are `some`, and one rule.
struct Image
{
    explicit Image(PolicyRule rule)
    {
        append(PolicyHeader{policy_magic, 0, 2, 2, 1, 1, 0});
        for (const char* name : {"a_t", "b_t", "other", "some"}) {
            PolicyName fixed{};
            std::strcpy(fixed.text, name);
            append(fixed);
        }
        append(PolicyRange{16, 31, 1, 0});
        append(rule);
        header().size = static_cast<uint32_t>(size);
    }

    template <class T>
    void append(const T& value)
    {
        std::memcpy(bytes + size, &value, sizeof value);
        size += sizeof value;
    }
    PolicyHeader& header() { return *reinterpret_cast<PolicyHeader*>(bytes); }
    PolicyName& name(size_t i) { return reinterpret_cast<PolicyName*>(bytes + sizeof(PolicyHeader))[i]; }
    PolicyRange& range()
    {
        return *reinterpret_cast<PolicyRange*>(bytes + sizeof(PolicyHeader) + 4 * sizeof(PolicyName));
    }
    std::span<const std::byte> view() const { return {bytes, size}; }

    alignas(8) std::byte bytes[1024]{};
    size_t size = 0;
};

constexpr uint32_t bit(Hook hook) { return 1u << static_cast<uint32_t>(hook); }
constexpr uint32_t all_hooks = (1u << hook_count) - 1;

PolicySet labels(std::initializer_list<uint32_t> numbers)
{
    PolicySet set{};
    for (const uint32_t number : numbers) set.add(number);
    return set;
}

/// Everything, but sends of a_t to b_t's ports of label `some`.
PolicyRule from_a_to_some()
{
    return {bit(Hook::send), 1, labels({0}), labels({0, 1}), labels({1}), labels({1})};
}
PolicyRule everything()
{
    return {all_hooks, 1, labels({0, 1}), labels({0, 1}), labels({0, 1}), labels({0, 1})};
}
PolicyRule all_but_send()
{
    auto rule = everything();
    rule.hooks &= ~bit(Hook::send);
    return rule;
}

TEST(Policy, ImagesThatAreNoneAreRefused)
{
    EXPECT_EQ(Policy::fault(Image(everything()).view()), nullptr);
    const auto fault = [](auto spoil) {
        Image image(everything());
        spoil(image);
        return Policy::fault(image.view()) != nullptr;
    };
    EXPECT_TRUE(fault([](Image& i) { i.header().magic++; }));
    EXPECT_TRUE(fault([](Image& i) { i.header().reserved = 1; }));
    EXPECT_TRUE(fault([](Image& i) { i.header().size++; }));
    EXPECT_TRUE(fault([](Image& i) { i.header().labels = 3; }));
    EXPECT_TRUE(fault([](Image& i) { i.header().labels = 0xffffffff; }));
    EXPECT_TRUE(fault([](Image& i) { i.header().port_labels = 0; }));
    EXPECT_TRUE(fault([](Image& i) { i.header().rules = 0x10000000; }));
    EXPECT_TRUE(fault([](Image& i) { i.size--; }));
    EXPECT_TRUE(fault([](Image& i) { i.size++; }));
    EXPECT_TRUE(fault([](Image& i) { i.name(0).text[0] = 0; }));
    EXPECT_TRUE(fault([](Image& i) { i.name(0).text[31] = 'x'; }));
    EXPECT_TRUE(fault([](Image& i) { i.name(0).text[1] = ' '; }));
    EXPECT_TRUE(fault([](Image& i) { i.range().last = 15; }));
    EXPECT_TRUE(fault([](Image& i) { i.range().label = 2; }));
    for (size_t size = 0; size < Image(everything()).size; ++size)
        EXPECT_TRUE(fault([&](Image& i) { i.size = size; })) << size;
}

/// A monitor, and what it recorded.
struct Watched
{
    Monitor monitor{[](void* list, const Denial& denial) noexcept {
                        char text[denial_length];
                        describe(denial, text);
                        static_cast<std::vector<std::string>*>(list)->emplace_back(text);
                    },
                    &records};
    std::vector<std::string> records;
};

TEST(Policy, WithoutOneEverythingIsAllowed)
{
    Watched w;
    EXPECT_TRUE(w.monitor.allows({Hook::send, 1, 9, 2, 16}));
    EXPECT_TRUE(w.records.empty());
}

TEST(Policy, DecidesByLabelsAndRecordsDenials)
{
    const Image image(from_a_to_some());
    LabelledPolicy policy{Policy(image.view())};
    ASSERT_TRUE(policy.assign(1, "a_t") && policy.assign(2, "b_t"));
    EXPECT_FALSE(policy.assign(3, "c_t"));
    Watched w;
    w.monitor.install(&policy);

    EXPECT_TRUE(w.monitor.allows({Hook::send, 1, 9, 2, 16}));
    EXPECT_TRUE(w.monitor.allows({Hook::send, 1, 9, 2, 31}));
    EXPECT_TRUE(w.records.empty());
    EXPECT_FALSE(w.monitor.allows({Hook::send, 1, 9, 2, 15}));
    EXPECT_FALSE(w.monitor.allows({Hook::send, 2, 16, 1, 16}));
    EXPECT_FALSE(w.monitor.allows({Hook::accept, 1, 0x20, 2, 0}));
    EXPECT_FALSE(w.monitor.allows({Hook::register_ring, 1, 16, 2, 0}));
    EXPECT_FALSE(w.monitor.allows({Hook::enable, 2, 0, 0, 0}));
    EXPECT_EQ(
        w.records,
        (std::vector<std::string>{
            "avc:  denied  { send } for domid=1 port=0x9 target=2 tport=0xf scontext=a_t tcontext=b_t:other "
            "tclass=argo_ring",
            "avc:  denied  { send } for domid=2 port=0x10 target=1 tport=0x10 scontext=b_t tcontext=a_t:some "
            "tclass=argo_ring",
            "avc:  denied  { accept } for domid=1 port=0x20 target=2 scontext=a_t:other tcontext=b_t "
            "tclass=argo_ring",
            "avc:  denied  { register } for domid=1 port=0x10 scontext=a_t tcontext=a_t:some "
            "tclass=argo_ring",
            "avc:  denied  { enable } for domid=2 scontext=b_t tcontext=b_t tclass=argo",
        }));
}

TEST(Policy, AnAbsentDomainIsDeniedAndNobodysDenial)
{
    const Image image(everything());
    LabelledPolicy policy{Policy(image.view())};
    ASSERT_TRUE(policy.assign(1, "a_t") && policy.assign(2, "b_t"));
    Watched w;
    w.monitor.install(&policy);
    EXPECT_FALSE(w.monitor.allows({Hook::send, 1, 9, 3, 16}));
    EXPECT_FALSE(w.monitor.allows({Hook::send, 1, 9, 0xffff, 16}));
    EXPECT_TRUE(w.monitor.allows({Hook::send, 1, 9, 2, 16}));
    policy.remove(2);
    EXPECT_FALSE(w.monitor.allows({Hook::send, 1, 9, 2, 16}));
    EXPECT_TRUE(w.records.empty());
}

TEST(Policy, VerdictsAreCachedAndDoNotOutliveTheirPolicy)
{
    const Image yes(everything()), no(all_but_send());
    LabelledPolicy allowing{Policy(yes.view())}, denying{Policy(no.view())};
    for (LabelledPolicy* policy : {&allowing, &denying})
        ASSERT_TRUE(policy->assign(1, "a_t") && policy->assign(2, "b_t"));
    Watched w;
    for (int round = 0; round < 3; ++round) {
        w.monitor.install(&allowing);
        const uint64_t before = w.monitor.cached();
        for (int i = 0; i < 4; ++i) EXPECT_TRUE(w.monitor.allows({Hook::send, 1, 9, 2, 16}));
        EXPECT_EQ(w.monitor.cached(), before + 3);
        EXPECT_EQ(w.monitor.install(&denying), &allowing);
        EXPECT_FALSE(w.monitor.allows({Hook::send, 1, 9, 2, 16}));
    }
}

TEST(Policy, RecordsAreLimitedAndTheirLossIsTold)
{
    AuditAllowance allowance(2);
    uint64_t now = 1'000'000'000, dropped = 0;
    for (int i = 0; i < 8; ++i) EXPECT_TRUE(allowance.take(now, dropped)) << i;
    EXPECT_FALSE(allowance.take(now, dropped));
    EXPECT_FALSE(allowance.take(now + 1, dropped));
    EXPECT_TRUE(allowance.take(now + 600'000'000, dropped));
    EXPECT_EQ(dropped, 2u);
    EXPECT_TRUE(allowance.take(now + 60'000'000'000, dropped));
    EXPECT_EQ(dropped, 0u);
    AuditAllowance none(0);
    EXPECT_FALSE(none.take(now, dropped));
}

TEST(Policy, WhatTheFormerOneAllowedIsOverWhenTheNextOneIsInForce)
{
    // Senders go on all the time. When settle has returned after a policy that denies, nothing arrives any
    // more.
    const Image yes(everything()), no(all_but_send());
    LabelledPolicy allowing{Policy(yes.view())}, denying{Policy(no.view())};
    for (LabelledPolicy* policy : {&allowing, &denying})
        ASSERT_TRUE(policy->assign(1, "a_t") && policy->assign(2, "b_t"));
    Monitor monitor([](void*, const Denial&) noexcept {}, nullptr);
    World world;
    world.host.policy = [&](const PolicyQuestion& question) { return monitor.allows(question); };
    world.host.jitter = true;
    monitor.install(&allowing);
    Guest& guest = world.start(1);
    Guest& other = world.start(2);
    RingClient ring = open(world, other, 16, 1, 4032);

    std::atomic<bool> stop{false};
    std::atomic<uint64_t> sent{0}, refused{0};
    const auto send_on = [&] {
        Sender sender{world, guest};
        while (!stop) {
            const int64_t result = sender.send(2, 16, Bytes(16));
            if (result == error(ARGO_EACCES)) ++refused;
            if (result >= 0) ++sent;
        }
    };
    std::thread one(send_on);
    for (int round = 0; round < 50; ++round) {
        monitor.install(&denying);
        world.engine.settle();
        const uint32_t there = ring.tx().load();
        const uint64_t before = refused;
        while (refused - before < 3) std::this_thread::yield();
        EXPECT_EQ(ring.tx().load(), there);
        ring.discard_all();
        monitor.install(&allowing);
        world.engine.settle();
        const uint64_t passed = sent;
        while (sent == passed) { // a full ring is read
            ring.discard_all();
            std::this_thread::yield();
        }
    }
    stop = true;
    one.join();
}

} // namespace
} // namespace argo::engine::test
