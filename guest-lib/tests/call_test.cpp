// SPDX-License-Identifier: MIT
//
// Calls, raw and typed: what reaches the hypervisor, and what comes back. Book: chapters call to reset.
#include "fake.hpp"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <span>
#include <string_view>

namespace {

using argo::Domid;
using argo::Error;
using argo::Port;

constexpr argo::Address peer{Domid{fake::Hypervisor::peer}, Port{80}};

struct Calls : testing::Test
{
    Calls()
    {
        machine.offer_msr();
        hypervisor = argo::probe(machine).value();
        fake.calls.clear();
        machine.next_call_page = 1;
    }
    ~Calls() override
    {
        EXPECT_EQ(machine.lent, 0) << "every call page came back";
        EXPECT_EQ(machine.untranslated, 0u) << "only guest memory was translated";
    }
    const fake::Call& last() { return fake.calls.back(); }

    fake::Machine machine;
    fake::Hypervisor& fake = machine.hypervisor;
    argo::Hypervisor<fake::Machine> hypervisor;
};

TEST_F(Calls, raw_call_carries_everything)
{
    fake.forced[0x3f] = 1234567890123;
    EXPECT_EQ(hypervisor.call(0x3f, 1, 2, 3, ~uint64_t{0}), 1234567890123);
    EXPECT_EQ(last().word, 0x3fu | 1u << 16);
    EXPECT_EQ(std::to_array(last().arg), (std::array<uint64_t, 4>{1, 2, 3, ~uint64_t{0}}));
}

TEST_F(Calls, raw_word_is_not_touched)
{
    EXPECT_EQ(hypervisor.call_word(0xabcd1234), -ARGO_EOPNOTSUPP);
    EXPECT_EQ(last().word, 0xabcd1234u);
}

TEST_F(Calls, frame_is_clean_and_aligned_whatever_the_page_held)
{
    // The fake fills each page with 0xa5 when it lends it.
    fake.before = [this](const fake::Call&) {
        argo_frame frame;
        ASSERT_TRUE(
            machine.memory.read(machine.memory.gpa(machine.memory.page(1)).value, &frame, sizeof frame));
        EXPECT_EQ(frame.flags, 0u);
        EXPECT_EQ(frame.cookie[0], 0u);
        EXPECT_EQ(frame.cookie[1], 0u);
    };
    (void)hypervisor.notify();
    EXPECT_EQ(last().arg[3], 0u);
}

TEST_F(Calls, without_probing_there_is_nobody)
{
    const argo::Hypervisor<fake::Machine> nobody;
    EXPECT_EQ(nobody.call(ARGO_OP_RESET), argo::unanswered);
    EXPECT_EQ(nobody.query().error(), Error::no_answer);
    EXPECT_EQ(nobody.register_ring(Port{1}, Domid{1}, nullptr, 48).error(), Error::no_answer);
    EXPECT_EQ(nobody.unregister_ring(Port{1}, Domid{1}).error(), Error::no_answer);
    EXPECT_EQ(nobody.send(Port{1}, peer, nullptr, 0).error(), Error::no_answer);
    EXPECT_EQ(nobody.ask({}).error(), Error::no_answer);
    EXPECT_EQ(nobody.notify().error(), Error::no_answer);
}

TEST_F(Calls, doorbell_that_dies_later)
{
    machine.msrs.begin()->second = fake::Doorbell::silent;
    EXPECT_EQ(hypervisor.call(ARGO_OP_RESET), argo::unanswered);
    EXPECT_EQ(hypervisor.reset().error(), Error::no_answer);
    machine.msrs.begin()->second = fake::Doorbell::faults;
    EXPECT_EQ(hypervisor.call(ARGO_OP_RESET), -ARGO_EFAULT);
    EXPECT_EQ(hypervisor.reset().error(), Error::efault);
}

TEST_F(Calls, results_become_errors)
{
    const std::pair<int64_t, Error> cases[] = {
        {0, Error::none},
        {7, Error::none},
        {-1, Error::eperm},
        {-ARGO_ESTALE, Error::estale},
        {-4000, Error{4000}}, // of a later minor
        {-0xfeff, Error{0xfeff}},
        {-0xff00, Error::bad_answer}, // no hypervisor may claim the library's own
        {-0x10000, Error::bad_answer},
        {INT64_MIN + 1, Error::bad_answer},
        {0xffffff91, Error::none}, // a zero-extended error is no error: results have 64 bits
    };
    for (const auto& [result, error] : cases) {
        fake.forced[ARGO_OP_RESET] = result;
        EXPECT_EQ(hypervisor.reset().error(), error) << result;
    }
}

TEST_F(Calls, every_error_has_a_name)
{
    using namespace std::string_view_literals;
    EXPECT_EQ(argo::name(Error::eagain), "EAGAIN"sv);
    EXPECT_EQ(argo::name(Error::corrupt), "corrupt"sv);
    EXPECT_EQ(argo::name(Error{4000}), "unknown error"sv);
    EXPECT_EQ(argo::mechanism_name(ARGO_MECHANISM_PIO), "pio"sv);
    EXPECT_EQ(argo::mechanism_name(99), "unknown"sv);
}

TEST_F(Calls, asking_a_failure_for_its_value_traps)
{
    const argo::Result<uint32_t> failure = Error::eagain;
    EXPECT_DEATH((void)failure.value(), "");
    EXPECT_DEATH((void)*failure, "");
}

TEST_F(Calls, query_again)
{
    fake.info.max_rings = 99;
    const auto info = hypervisor.query(42);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->max_rings, 99u);
    EXPECT_EQ(last().arg[1], sizeof(argo_info));
    EXPECT_EQ(last().arg[2], 42u);
    EXPECT_EQ(hypervisor.info().max_rings, 16u) << "what was confirmed stays";
}

TEST_F(Calls, register_lists_the_frames_in_order)
{
    constexpr uint64_t flags = 3ull << ARGO_REGISTER_BINDING_SHIFT;
    ASSERT_TRUE(hypervisor.register_ring(Port{80}, Domid{9}, machine.memory.page(4), 4048, flags));
    const auto& ring = fake.rings.at({80, 9});
    EXPECT_EQ(ring.length, 4048u);
    EXPECT_EQ(ring.flags, flags);
    ASSERT_EQ(ring.frames.size(), 2u);
    EXPECT_EQ(ring.frames[0] * ARGO_PAGE_SIZE, machine.memory.gpa(machine.memory.page(4)).value);
    EXPECT_EQ(ring.frames[1] * ARGO_PAGE_SIZE, machine.memory.gpa(machine.memory.page(5)).value);

    ASSERT_TRUE(hypervisor.unregister_ring(Port{80}, Domid{9}));
    EXPECT_TRUE(fake.rings.empty());
    EXPECT_EQ(hypervisor.unregister_ring(Port{80}, Domid{9}).error(), Error::enoent);
}

TEST_F(Calls, register_refuses_what_would_name_wrong_frames)
{
    EXPECT_EQ(hypervisor.register_ring(Port{80}, Domid{9}, machine.memory.page(4) + 64, 48).error(),
              Error::einval);
    constexpr uint32_t most = argo::Hypervisor<fake::Machine>::max_register_pages;
    EXPECT_EQ(
        hypervisor.register_ring(Port{80}, Domid{9}, machine.memory.page(4), argo::ring_length(most + 1))
            .error(),
        Error::einval);
    EXPECT_TRUE(fake.calls.empty());
}

TEST_F(Calls, longest_ring_fits_the_call_page)
{
    // More pages than the fake has: its memory is asked for each, and the frame list ends within the page.
    constexpr uint32_t most = argo::Hypervisor<fake::Machine>::max_register_pages;
    fake.forced[ARGO_OP_REGISTER_RING] = 0;
    EXPECT_TRUE(
        hypervisor.register_ring(Port{80}, Domid{9}, machine.memory.page(4), argo::ring_length(most)));
    EXPECT_EQ(last().arg[2], most);
    const uint64_t page = machine.memory.gpa(machine.memory.page(1)).value;
    EXPECT_LE(last().arg[1] + most * sizeof(uint64_t), page + ARGO_PAGE_SIZE);
    EXPECT_GE(last().arg[1], last().arg[0] + sizeof(argo_register));
    machine.untranslated = 0;
}

TEST_F(Calls, sendv_in_one_page_is_one_piece)
{
    std::memcpy(machine.memory.page(3) + 100, "hello", 5);
    const auto sent = hypervisor.send(Port{1}, peer, machine.memory.page(3) + 100, 5, 0xfeedbeef);
    ASSERT_TRUE(sent);
    EXPECT_EQ(*sent, 5u);
    ASSERT_EQ(fake.iovs.size(), 1u);
    EXPECT_EQ(fake.iovs[0].flags, 0u);
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(fake.payload.data()), 5), "hello");
    EXPECT_EQ(last().arg[3], 0xfeedbeefu);
    argo_send_addr ends{};
    fake.before = [&](const fake::Call& call) { machine.memory.read(call.arg[0], &ends, sizeof ends); };
    ASSERT_TRUE(hypervisor.send(Port{0xffffffff}, peer, nullptr, 0));
    EXPECT_EQ(ends.src.port, 0xffffffffu);
    EXPECT_EQ(ends.src.domid, fake::Hypervisor::self);
    EXPECT_EQ(ends.src.reserved, 0u);
    EXPECT_EQ(ends.dst.port, 80u);
    EXPECT_EQ(ends.dst.domid, fake::Hypervisor::peer);
    EXPECT_EQ(ends.dst.reserved, 0u);
}

/// Fills pages with what depends on the place, sends [from, from + size), and compares what the hypervisor
/// read.
void expect_sent(Calls& t, uint8_t* from, size_t size, size_t pieces)
{
    const size_t first = t.machine.memory.index(from);
    for (size_t i = first; i <= t.machine.memory.index(from + size - 1); ++i)
        for (size_t j = 0; j < ARGO_PAGE_SIZE; ++j)
            t.machine.memory.page(i)[j] = static_cast<uint8_t>(i * 31 + j * 7 + j / 256);
    const auto sent = t.hypervisor.send(Port{1}, peer, from, size);
    ASSERT_TRUE(sent) << argo::name(sent.error());
    EXPECT_EQ(*sent, size);
    EXPECT_EQ(t.fake.iovs.size(), pieces);
    ASSERT_EQ(t.fake.payload.size(), size);
    EXPECT_EQ(std::memcmp(t.fake.payload.data(), from, size), 0);
}

TEST_F(Calls, sendv_splits_where_pages_lie_apart)
{
    expect_sent(*this, machine.memory.page(3) + 4095, 2, 2);
    expect_sent(*this, machine.memory.page(3) + 1, 3 * ARGO_PAGE_SIZE, 4);
    expect_sent(*this, machine.memory.page(3), 3 * ARGO_PAGE_SIZE, 3);
    expect_sent(*this, machine.memory.page(3), 1, 1);
}

TEST_F(Calls, sendv_joins_what_lies_together)
{
    expect_sent(*this, machine.memory.page(40) + 5, 10 * ARGO_PAGE_SIZE, 1);
    expect_sent(*this, machine.memory.page(30) + 7, 6 * ARGO_PAGE_SIZE, 3); // two apart, the rest together
}

TEST_F(Calls, sendv_from_address_zero)
{
    machine.memory.shift = 0 - machine.memory.gpa(machine.memory.page(31)).value;
    ASSERT_EQ(machine.memory.gpa(machine.memory.page(31)).value, 0u);
    expect_sent(*this, machine.memory.page(31), 10, 1);
    expect_sent(*this, machine.memory.page(30), ARGO_PAGE_SIZE + 1, 2);
}

TEST_F(Calls, sendv_of_pieces)
{
    uint8_t* const page = machine.memory.page(3);
    std::memcpy(page, "abcdefgh", 8);
    const argo::Piece pieces[] = {{page, 2}, {nullptr, 0}, {page + 6, 2}, {page + 1, 0}, {page + 4, 1}};
    const auto sent = hypervisor.sendv(Port{1}, peer, pieces);
    ASSERT_TRUE(sent);
    EXPECT_EQ(*sent, 5u);
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(fake.payload.data()), 5), "abghe");
    EXPECT_EQ(fake.iovs.size(), 3u) << "empty ones are not described";
}

TEST_F(Calls, sendv_of_nothing_is_a_message)
{
    const auto sent = hypervisor.sendv(Port{1}, peer, {});
    ASSERT_TRUE(sent);
    EXPECT_EQ(*sent, 0u);
    EXPECT_EQ(last().arg[2], 0u);
}

TEST_F(Calls, sendv_takes_what_a_standard_library_offers)
{
    const std::vector<argo::Piece> vector{{machine.memory.page(3), 2}};
    EXPECT_EQ(*hypervisor.sendv(Port{1}, peer, vector), 2u);
    EXPECT_EQ(*hypervisor.sendv(Port{1}, peer, std::span(vector)), 2u);
    std::array<argo::Piece, 2> array{vector[0], vector[0]};
    EXPECT_EQ(*hypervisor.sendv(Port{1}, peer, array), 4u);
}

TEST_F(Calls, sendv_up_to_max_iov_pieces)
{
    std::vector<argo::Piece> pieces;
    for (size_t i = 0; i < 65; ++i) pieces.push_back({machine.memory.page(3) + i * 2, 1}); // none adjacent
    EXPECT_EQ(*hypervisor.sendv(Port{1}, peer, {pieces.data(), 64}), 64u);
    fake.calls.clear();
    EXPECT_EQ(hypervisor.sendv(Port{1}, peer, pieces).error(), Error::emsgsize);
    EXPECT_TRUE(fake.calls.empty()) << "the library knows";
}

TEST_F(Calls, sendv_up_to_what_a_call_page_holds)
{
    fake.info.max_iov = 1'000'000;
    hypervisor = argo::probe(machine).value();
    constexpr size_t most = argo::Hypervisor<fake::Machine>::max_send_pieces;
    std::vector<argo::Piece> pieces;
    for (size_t i = 0; i <= most; ++i) pieces.push_back({machine.memory.page(3) + i * 2, 1});
    EXPECT_EQ(*hypervisor.sendv(Port{1}, peer, {pieces.data(), most}), most);
    EXPECT_EQ(hypervisor.sendv(Port{1}, peer, pieces).error(), Error::emsgsize);
}

TEST_F(Calls, sendv_up_to_max_message_bytes)
{
    fake.info.max_message = 100;
    hypervisor = argo::probe(machine).value();
    uint8_t* const page = machine.memory.page(3);
    EXPECT_EQ(*hypervisor.send(Port{1}, peer, page, 100), 100u);
    EXPECT_EQ(hypervisor.send(Port{1}, peer, page, 101).error(), Error::emsgsize);
    const argo::Piece overflow[] = {{page, 60}, {page, ~size_t{0}}};
    EXPECT_EQ(hypervisor.sendv(Port{1}, peer, overflow).error(), Error::emsgsize);
    const argo::Piece sum[] = {{page, 60}, {page, 41}};
    EXPECT_EQ(hypervisor.sendv(Port{1}, peer, sum).error(), Error::emsgsize);
}

TEST_F(Calls, sendv_does_not_believe_a_wrong_count)
{
    for (const int64_t count : {4, 6, 1 << 30}) {
        fake.forced[ARGO_OP_SENDV] = count;
        EXPECT_EQ(hypervisor.send(Port{1}, peer, machine.memory.page(3), 5).error(), Error::bad_answer);
    }
    fake.forced[ARGO_OP_SENDV] = -ARGO_EAGAIN;
    EXPECT_EQ(hypervisor.send(Port{1}, peer, machine.memory.page(3), 5).error(), Error::eagain);
}

TEST_F(Calls, ask_takes_answers_over_and_nothing_else)
{
    ASSERT_TRUE(hypervisor.register_ring(Port{80}, hypervisor.self(), machine.memory.page(4), 64));
    argo_notify_entry entries[2]{};
    entries[0].ring = argo::to_abi({hypervisor.self(), Port{81}});
    entries[1].ring = argo::to_abi({hypervisor.self(), Port{80}});
    entries[1].space_required = 10;
    ASSERT_TRUE(hypervisor.ask(entries));
    EXPECT_EQ(entries[0].flags, 0u);
    EXPECT_EQ(entries[0].max_message, 0u);
    EXPECT_EQ(entries[1].flags, ARGO_NOTIFY_EXISTS);
    EXPECT_EQ(entries[1].max_message, 32u);
    EXPECT_EQ(entries[1].space_required, 10u) << "the hypervisor does not change the question";
}

TEST_F(Calls, ask_as_many_as_a_call_page_holds)
{
    constexpr uint32_t most = argo::Hypervisor<fake::Machine>::max_ask;
    std::vector<argo_notify_entry> entries(most + 1);
    EXPECT_TRUE(hypervisor.ask({entries.data(), most}));
    fake.calls.clear();
    EXPECT_EQ(hypervisor.ask(entries).error(), Error::einval);
    EXPECT_TRUE(fake.calls.empty());
    EXPECT_TRUE(hypervisor.ask({})) << "no question is a notify all the same";
    EXPECT_EQ(fake.count(ARGO_OP_NOTIFY), 1u);
}

TEST_F(Calls, ask_leaves_entries_alone_on_failure)
{
    fake.forced[ARGO_OP_NOTIFY] = -ARGO_EINVAL;
    argo_notify_entry entry{};
    entry.flags = 0x55;
    EXPECT_EQ(hypervisor.ask({&entry, 1}).error(), Error::einval);
    EXPECT_EQ(entry.flags, 0x55u);
}

TEST_F(Calls, notify_vector_and_reset_pass_their_arguments)
{
    ASSERT_TRUE(hypervisor.notify());
    EXPECT_EQ(last().word, ARGO_OPERATION_WORD(ARGO_OP_NOTIFY));
    EXPECT_EQ(last().arg[0], 0u);
    ASSERT_TRUE(hypervisor.vector(3, ARGO_BINDING_LAPIC, 0x100, 77));
    EXPECT_EQ(last().arg[0], 3u);
    EXPECT_EQ(last().arg[2], 0x100u);
    EXPECT_EQ(fake.bindings.at(3), (std::pair<uint64_t, uint64_t>{ARGO_BINDING_LAPIC, 77}));
    ASSERT_TRUE(hypervisor.reset());
    EXPECT_TRUE(fake.bindings.empty());
}

} // namespace
