// SPDX-License-Identifier: Apache-2.0 OR MIT
// Messages and the interrupts that tell of them. Book: spec/event.rst, spec/vector.rst.
#include "guest.hpp"

namespace argo::kvm {
namespace {

constexpr Doorbells bells;
constexpr uint32_t port = 7;
constexpr uint32_t length = page_size - sizeof(argo_ring);

/// Where the argument structures of the calls lie.
struct Arguments
{
    argo_register ring;
    uint64_t frame_number;
    argo_send_addr addresses;
    argo_iov piece;
    char payload[24];
};

/// In each environment: keys of the domains.
class EventTest : public PlayerTest, public testing::WithParamInterface<const char*>
{
  protected:
    void SetUp() override
    {
        KvmTest::SetUp();
        if (!system_) return;
        try {
            prepare("");
        } catch (const Failure& failure) {
            if (failure.code != Exit::unavailable) throw;
            GTEST_SKIP() << failure.what();
        }
    }

    void prepare(const std::string& keys) { PlayerTest::prepare(keys + "\n" + GetParam()); }

    /// Frames 0, 1, 2: a binding to event_vector, a ring for this domain's own messages, a message into it.
    void prepare_message_to_self()
    {
        const Arguments arguments{
            .ring = {.port = port, .partner = 1, .reserved = 0, .length = length},
            .frame_number = ring_address / page_size,
            .addresses = {.src = {.port = port, .domid = 1, .reserved = 0},
                          .dst = {.port = port, .domid = 1, .reserved = 0}},
            .piece = {.base = data_address + offsetof(Arguments, payload),
                      .length = sizeof(Arguments::payload),
                      .flags = 0},
            .payload = "a message to myself",
        };
        store(*player_, data_address, arguments);
        frame(0, ARGO_OP_VECTOR, {0, ARGO_BINDING_LAPIC, 0, event_vector});
        frame(1, ARGO_OP_REGISTER_RING,
              {data_address + offsetof(Arguments, ring), data_address + offsetof(Arguments, frame_number), 1,
               0});
        frame(2, ARGO_OP_SENDV,
              {data_address + offsetof(Arguments, addresses), data_address + offsetof(Arguments, piece), 1,
               0x1234});
    }

    /// The same, and the ring's wish counts. It is `wish`, at position 0.
    void prepare_suppression(uint32_t wish)
    {
        prepare_message_to_self();
        frame(1, ARGO_OP_REGISTER_RING,
              {data_address + offsetof(Arguments, ring), data_address + offsetof(Arguments, frame_number), 1,
               ARGO_REGISTER_SUPPRESS});
        set_wish(*player_, wish);
    }

    static void set_wish(const Machine& machine, uint32_t wish)
    {
        store(machine, ring_address + offsetof(argo_ring, wish), wish);
    }

    static uint64_t exits(const Counters& counters)
    {
        uint64_t sum = 0;
        for (const auto& exits : counters.exits) sum += exits.value();
        return sum;
    }

    static Step ring_bell(unsigned n)
    {
        return {Action::write_msr, bells.msr, frames_address + n * sizeof(argo_frame)};
    }
};

TEST_P(EventTest, a_message_to_oneself_raises_the_interrupt_that_was_bound)
{
    prepare_message_to_self();
    play({{Action::apic_on}, ring_bell(0), ring_bell(1), ring_bell(2), {Action::await_events, 1}});

    EXPECT_EQ(frame_result(0), 0);
    EXPECT_EQ(frame_result(1), 0);
    EXPECT_EQ(frame_result(2), int64_t{sizeof(Arguments::payload)});
    EXPECT_EQ(played_.at(4).result[0], 1u) << "one interrupt";

    const auto message = load<argo_message>(*player_, ring_address + sizeof(argo_ring));
    EXPECT_EQ(message.length, sizeof(argo_message) + sizeof(Arguments::payload));
    EXPECT_EQ(message.source.domid, 1);
    EXPECT_EQ(message.type, 0x1234u);
    const auto payload =
        load<std::array<char, 24>>(*player_, ring_address + sizeof(argo_ring) + sizeof(argo_message));
    EXPECT_STREQ(payload.data(), "a message to myself");
}

TEST_P(EventTest, a_message_costs_one_exit_and_one_copy)
{
    prepare_message_to_self();
    play({ring_bell(1), ring_bell(2)});

    auto& counters = counters_.back();
    EXPECT_EQ(counters[Reason::wrmsr].value(), 2u);
    EXPECT_EQ(counters[Mechanism::msr].value(), 2u);
    EXPECT_EQ(counters[Reason::io].value(), 1u) << "the shutdown";
    EXPECT_EQ(counters[Reason::mmio].value(), 0u);
    const auto engine = host_.engine().counters();
    EXPECT_EQ(engine.messages, 1u);
    EXPECT_EQ(engine.payload_bytes, sizeof(Arguments::payload));
    EXPECT_EQ(engine.copied_bytes, engine.payload_bytes);
    EXPECT_EQ(counters.events.value(), 0u) << "nothing was bound";
}

TEST_P(EventTest, a_batch_of_32_messages_costs_one_exit_and_one_interrupt)
{
    constexpr uint32_t count = 32;
    prepare_message_to_self();
    std::array<argo_batch_entry, count> entries{};
    for (uint32_t i = 0; i < count; ++i) {
        entries[i] = {.addresses = {.src = {.port = port, .domid = 1, .reserved = 0},
                                    .dst = {.port = port, .domid = 1, .reserved = 0}},
                      .iovs = data_address + offsetof(Arguments, piece),
                      .count = 1,
                      .type = i,
                      .result = untouched,
                      .reserved = 0};
    }
    constexpr uint64_t where = data_address + sizeof(Arguments);
    store(*player_, where, entries);
    frame(2, ARGO_OP_SEND_BATCH, {where, count, 0, 0});
    play({{Action::apic_on}, ring_bell(0), ring_bell(1), ring_bell(2), {Action::await_events, 1}});

    EXPECT_EQ(frame_result(2), count);
    for (const argo_batch_entry& entry : load<decltype(entries)>(*player_, where))
        EXPECT_EQ(entry.result, int64_t{sizeof(Arguments::payload)});
    auto& counters = counters_.back();
    EXPECT_EQ(counters[Reason::wrmsr].value(), 3u) << "a binding, a ring, a batch";
    EXPECT_EQ(counters.events.value(), 1u);
    EXPECT_EQ(played_.at(4).result[0], 1u) << "one interrupt";
    const auto engine = host_.engine().counters();
    EXPECT_EQ(engine.messages, count);
    EXPECT_EQ(engine.copied_bytes, count * sizeof(Arguments::payload));
}

TEST_P(EventTest, an_event_waits_for_the_local_apic_to_be_switched_on)
{
    prepare_message_to_self();
    play({ring_bell(0), ring_bell(1), ring_bell(2), {Action::apic_on}, {Action::await_events, 1}});
    EXPECT_EQ(played_.at(4).result[0], 1u);
    EXPECT_EQ(counters_.back().events.value(), 1u);
    EXPECT_EQ(counters_.back().held.value(), 1u);
}

TEST_P(EventTest, a_message_of_the_guests_own_is_delivered)
{
    prepare_message_to_self();
    constexpr uint64_t assert = 0x4000, lowest_priority = 0x100;
    frame(0, ARGO_OP_VECTOR, {0, ARGO_BINDING_MSI, 0xfee00000, assert | lowest_priority | event_vector});
    play({{Action::apic_on}, ring_bell(0), ring_bell(1), ring_bell(2), {Action::await_events, 1}});
    EXPECT_EQ(frame_result(0), 0);
    EXPECT_EQ(played_.at(4).result[0], 1u);
}

TEST_P(EventTest, a_message_of_the_guests_own_waits_for_the_local_apic)
{
    prepare_message_to_self();
    frame(0, ARGO_OP_VECTOR, {0, ARGO_BINDING_MSI, 0xfee00000, event_vector});
    play({ring_bell(0), ring_bell(1), ring_bell(2), {Action::apic_on}, {Action::await_events, 1}});
    EXPECT_EQ(played_.at(4).result[0], 1u);
    EXPECT_EQ(counters_.back().held.value(), 1u);
}

TEST_P(EventTest, the_local_apic_starts_in_the_mode_that_the_topology_says)
{
    constexpr uint64_t apic_base = 0x1b, enabled = 0x800, x2apic = 0x400;
    play({{Action::read_msr, apic_base}});
    const bool wanted = configs_.back().apic == Apic::x2apic;
    EXPECT_EQ(played_.at(0).result[0] & (enabled | x2apic), enabled | (wanted ? x2apic : 0));
}

TEST_P(EventTest, a_binding_names_only_vcpus_that_there_are)
{
    prepare("vcpus = 2");
    frame(0, ARGO_OP_VECTOR, {0, ARGO_BINDING_LAPIC, 1, event_vector});
    frame(1, ARGO_OP_VECTOR, {0, ARGO_BINDING_LAPIC, 2, event_vector});
    play({ring_bell(0), ring_bell(1)});
    EXPECT_EQ(frame_result(0), 0);
    EXPECT_EQ(frame_result(1), -int64_t{ARGO_EINVAL});
}

TEST_P(EventTest, another_domain_wakes_a_halted_one)
{
    prepare_message_to_self();
    auto arguments = load<Arguments>(*player_, data_address);
    arguments.ring.partner = 2;
    store(*player_, data_address, arguments);
    auto receiver = std::move(player_);
    auto& receiver_counters = counters_.back();
    const Step receive[] = {
        {Action::apic_on}, ring_bell(0), ring_bell(1), {Action::await_events, 1}, {Action::shut_down}};

    player_ = make(configure("player", 2, GetParam()));
    prepare_message_to_self();
    arguments.addresses.src.domid = 2;
    store(*player_, data_address, arguments);
    auto& sender_counters = counters_.back();

    store(*receiver, script_address, receive);
    receiver->start();
    ASSERT_FALSE(await(*receiver, std::chrono::milliseconds(300)).has_value()) << "it waits for the message";

    play({ring_bell(2)});
    const auto end = await(*receiver);
    receiver->stop();
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->text(), "shutdown");
    EXPECT_EQ(frame_result(2), int64_t{sizeof(Arguments::payload)});
    EXPECT_EQ(load<argo_message>(*receiver, ring_address + sizeof(argo_ring)).source.domid, 2);
    EXPECT_EQ(receiver_counters.events.value(), 1u);
    EXPECT_EQ(sender_counters.events.value(), 0u);
    EXPECT_EQ(sender_counters[Reason::wrmsr].value(), 1u);
    EXPECT_EQ(host_.engine().counters().copied_bytes, sizeof(Arguments::payload));
}

constexpr unsigned burst = 8;

TEST_P(EventTest, who_polls_is_neither_interrupted_nor_left_alone_when_that_ends)
{
    prepare_suppression(ARGO_WISH_NONE);
    auto arguments = load<Arguments>(*player_, data_address);
    arguments.ring.partner = ARGO_DOMID_WILDCARD; // senders come and go
    store(*player_, data_address, arguments);
    auto receiver = std::move(player_);
    auto& receiver_counters = counters_.back();
    const Step receive[] = {
        {Action::apic_on}, ring_bell(0), ring_bell(1), {Action::await_events, 1}, {Action::shut_down}};
    store(*receiver, script_address, receive);
    receiver->start();
    ASSERT_FALSE(await(*receiver, std::chrono::milliseconds(300)).has_value()) << "it is halted";
    const auto exits_before = exits(receiver_counters);

    const auto send = [&](unsigned messages) {
        player_ = make(configure("player", 2, GetParam()));
        played_.clear();
        prepare_message_to_self();
        auto sent = load<Arguments>(*player_, data_address);
        sent.addresses.src.domid = 2;
        store(*player_, data_address, sent);
        play(std::vector<Step>(messages, ring_bell(2)));
        EXPECT_EQ(frame_result(2), int64_t{sizeof(Arguments::payload)});
        player_.reset();
    };
    send(burst);
    EXPECT_FALSE(await(*receiver, std::chrono::milliseconds(200)).has_value()) << "and stays halted";
    EXPECT_EQ(exits(receiver_counters), exits_before) << "its vCPU's thread did not wake";
    EXPECT_EQ(receiver_counters.events.value(), 0u);
    EXPECT_EQ(receiver_counters.held.value(), 0u);
    auto engine = host_.engine().counters();
    EXPECT_EQ(engine.messages, burst);
    EXPECT_EQ(engine.suppressed, burst);
    EXPECT_EQ(engine.events, 0u);
    constexpr uint32_t footprint = sizeof(argo_message) + sizeof(Arguments::payload) + 8; // in slots of 16
    static_assert(footprint % ARGO_SLOT == 0);
    EXPECT_EQ(load<uint32_t>(*receiver, ring_address + offsetof(argo_ring, tx_ptr)), burst * footprint);

    set_wish(*receiver, ARGO_WISH_EACH);
    send(1);
    const auto end = await(*receiver);
    receiver->stop();
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(load<Step>(*receiver, script_address + 3 * sizeof(Step)).result[0], 1u)
        << "the only interrupt that it ever took";
    EXPECT_EQ(receiver_counters.events.value(), 1u);
    engine = host_.engine().counters();
    EXPECT_EQ(engine.suppressed, burst);
    EXPECT_EQ(engine.events, 1u);
}

TEST_P(EventTest, a_burst_that_nobody_has_seen_is_one_interrupt)
{
    prepare_suppression(ARGO_WISH_PAST);
    std::vector<Step> steps{{Action::apic_on}, ring_bell(0), ring_bell(1)};
    steps.insert(steps.end(), burst, ring_bell(2));
    steps.push_back({Action::await_events, 1});
    play(steps);
    EXPECT_EQ(played_.at(steps.size() - 1).result[0], 1u);
    EXPECT_EQ(counters_.back().events.value(), 1u);
    const auto engine = host_.engine().counters();
    EXPECT_EQ(engine.messages, burst);
    EXPECT_EQ(engine.events, 1u);
    EXPECT_EQ(engine.suppressed, burst - 1);
}

TEST_P(EventTest, without_a_wish_each_message_is_an_event)
{
    prepare_suppression(ARGO_WISH_EACH);
    std::vector<Step> steps{{Action::apic_on}, ring_bell(0), ring_bell(1)};
    steps.insert(steps.end(), burst, ring_bell(2));
    play(steps);
    EXPECT_EQ(counters_.back().events.value(), burst);
    EXPECT_EQ(host_.engine().counters().suppressed, 0u);
}

std::string environment_name(const testing::TestParamInfo<const char*>& instance)
{
    constexpr const char* names[] = {"xapic", "x2apic", "split", "x2apic_split"};
    return names[instance.index];
}

INSTANTIATE_TEST_SUITE_P(Environments, EventTest,
                         testing::Values("", "apic = 'x2apic'", "irqchip = 'split'",
                                         "apic = 'x2apic'\nirqchip = 'split'"),
                         environment_name);

} // namespace
} // namespace argo::kvm
