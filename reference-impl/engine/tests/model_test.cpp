// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the models of the protocol say happens, spec/models/cases, played on the engine. A line is a call, or
// what a guest does to its ring, and what comes of it. Sizes and pointers are in slots, as in the models.
#include "ring_client.hpp"

#include <fstream>
#include <functional>
#include <sstream>
#include <string>

namespace argo::engine::test {
namespace {

constexpr uint32_t slot = ARGO_SLOT;
constexpr uint32_t port = 100;
constexpr uint32_t space_vector = 50;

uint32_t payload(uint32_t slots) { return (slots - 1) * slot; }

using Words = std::istringstream;

uint32_t number(Words& words)
{
    uint32_t value = 0;
    EXPECT_TRUE(words >> value) << "a number is missing in '" << words.str() << "'";
    return value;
}

/// What stands behind the '='.
std::string answer(Words& words)
{
    std::string equals, said;
    words >> equals >> std::ws;
    std::getline(words, said);
    EXPECT_EQ(equals, "=");
    return said;
}

/// Plays each execution of a file on a Stage of its own. Returns how many lines that were.
template <class Stage>
unsigned play(const std::string& file)
{
    std::ifstream cases(std::string(ARGO_MODEL_CASES) + "/" + file);
    std::unique_ptr<Stage> stage;
    unsigned played = 0;
    std::string seed;
    for (std::string line; std::getline(cases, line);) {
        if (line.empty() || line[0] == '#') continue;
        if (line[0] == '[') {
            stage = std::make_unique<Stage>();
            seed = line;
            continue;
        }
        const testing::ScopedTrace where(__FILE__, __LINE__, file + " " + seed + ": " + line);
        Words words(line);
        std::string what;
        words >> what;
        stage->play(what, words);
        ++played;
        if (testing::Test::HasFailure()) break; // what comes after follows from it
    }
    return played;
}

/// ring.pml: one ring of four slots. The receiver takes messages, or scribbles.
class RingStage
{
  public:
    void play(const std::string& what, Words& words)
    {
        if (what == "send") {
            const uint32_t slots = number(words);
            send(slots, answer(words));
        } else if (what == "receive") {
            const auto message = ring_.receive();
            ASSERT_TRUE(message);
            EXPECT_EQ(message->length, number(words) * slot);
            EXPECT_EQ(message->type, received_);
            EXPECT_EQ(message->payload, pattern(message->length - slot, ++received_));
        } else {
            ASSERT_EQ(what, "write");
            auto pointer = number(words) == 0 ? ring_.tx() : ring_.rx();
            pointer = number(words) * slot;
        }
    }

  private:
    void send(uint32_t slots, const std::string& said)
    {
        const uint32_t tx = ring_.tx();
        const Bytes bytes = pattern(payload(slots), sent_ + 1);
        const int64_t result = sender_.send(1, port, bytes, sent_);
        if (said == "EAGAIN") {
            EXPECT_EQ(result, error(ARGO_EAGAIN));
            EXPECT_EQ(ring_.tx(), tx);
        } else {
            EXPECT_EQ(result, payload(slots));
            EXPECT_EQ(ring_.tx(), std::stoul(said) * slot);
            ++sent_;
        }
    }

    World world_;
    Guest& owner_ = world_.start(1);
    Guest& guest_ = world_.start(2);
    RingClient ring_ = open(world_, owner_, port, wildcard, 4 * slot);
    Sender sender_{world_, guest_};
    uint32_t sent_ = 0, received_ = 0;
};

/// notify.pml: two senders, two rings of two slots, one place for a waiter at each, one place for each
/// domain.
class NotifyStage
{
  public:
    NotifyStage()
    {
        for (Guest* guest : guests_) world_.bind(*guest, 0, space_vector);
    }

    void play(const std::string& what, Words& words)
    {
        if (what == "notify") {
            const std::string woken = answer(words);
            EXPECT_EQ(world_.call(owner_, ARGO_OP_NOTIFY), 0);
            expect_woken(woken);
            return;
        }
        const uint32_t first = number(words);
        if (what == "unregister") {
            const std::string woken = answer(words);
            EXPECT_EQ(rings_.at(first).unregister_ring(), 0);
            expect_woken(woken);
            return;
        }
        if (what == "consume") {
            RingClient& ring = rings_.at(first);
            ring.rx() = (ring.rx() + slot) % ring.length;
        } else if (what == "reset") {
            EXPECT_EQ(world_.call(*guests_.at(first), ARGO_OP_RESET), 0);
            world_.bind(*guests_.at(first), 0, space_vector);
        } else {
            const uint32_t to = port + number(words);
            const uint32_t bytes = payload(number(words));
            if (what == "send") {
                EXPECT_EQ(senders_.at(first).send_placed(1, to, bytes), sent(answer(words), bytes));
            } else {
                ASSERT_EQ(what, "ask");
                const unsigned ignored = ARGO_NOTIFY_SHARED | ARGO_NOTIFY_EMPTY;
                EXPECT_EQ(senders_.at(first).ask(1, to, bytes).flags & ~ignored, flags(answer(words)));
            }
        }
        expect_woken("0 0");
    }

  private:
    static Limits limits()
    {
        Limits limits;
        limits.max_waiters = 1;
        limits.max_ring_waiters = 1;
        return limits;
    }

    static int64_t sent(const std::string& said, uint32_t bytes)
    {
        if (said == "ACCEPTED") return bytes;
        if (said == "EAGAIN") return error(ARGO_EAGAIN);
        if (said == "EBUSY") return error(ARGO_EBUSY);
        EXPECT_EQ(said, "ABSENT");
        return error(ARGO_ECONNREFUSED);
    }

    static unsigned flags(const std::string& said)
    {
        if (said == "ACCEPTED") return ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_SUFFICIENT;
        if (said == "EAGAIN") return ARGO_NOTIFY_EXISTS;
        if (said == "EBUSY") return ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_EBUSY;
        EXPECT_EQ(said, "ABSENT");
        return 0;
    }

    void expect_woken(const std::string& said)
    {
        std::string found;
        for (Guest* guest : guests_)
            found += (found.empty() ? "" : " ") + std::to_string(guest->events(space_vector));
        EXPECT_EQ(found, said);
    }

    World world_{limits()};
    Guest& owner_ = world_.start(1);
    std::vector<Guest*> guests_{&world_.start(2), &world_.start(3)};
    std::vector<Sender> senders_{{world_, *guests_[0]}, {world_, *guests_[1]}};
    std::vector<RingClient> rings_{open(world_, owner_, port, wildcard, 3 * slot),
                                   open(world_, owner_, port + 1, wildcard, 3 * slot)};
};

/// vector.pml: two rings, one binding, two vectors.
class VectorStage
{
  public:
    void play(const std::string& what, Words& words)
    {
        const uint32_t which = number(words);
        if (what == "bind") {
            const uint64_t kind = which == 0 ? ARGO_BINDING_NONE : ARGO_BINDING_LAPIC;
            const uint64_t vector = which == 0 ? 0 : space_vector + which;
            EXPECT_EQ(world_.call(owner_, ARGO_OP_VECTOR, 0, kind, 0, vector), 0);
        } else if (what == "send") {
            EXPECT_EQ(sender_.send(1, port + which, {}), 0);
            const uint32_t heard = static_cast<uint32_t>(std::stoul(answer(words)));
            for (uint32_t vector = 0; vector <= 2; ++vector) {
                const bool here = vector == heard && vector != 0;
                EXPECT_EQ(owner_.events(space_vector + vector), here ? 1u : 0u) << vector;
            }
        } else if (what == "receive") {
            EXPECT_TRUE(rings_.at(which).receive());
        } else {
            EXPECT_EQ(what, "hear"); // the guest's own doing
        }
    }

  private:
    World world_;
    Guest& owner_ = world_.start(1);
    Sender sender_{world_, world_.start(2)};
    std::vector<RingClient> rings_{open(world_, owner_, port, wildcard, 4 * slot),
                                   open(world_, owner_, port + 1, wildcard, 4 * slot)};
};

/// suppress.pml: a ring of four slots that starts in its middle, and its receiver's wishes.
class SuppressStage
{
  public:
    SuppressStage()
    {
        world_.bind(owner_, 0, space_vector);
        ring_.rx() = 2 * slot;
        ring_.tx() = 2 * slot;
        EXPECT_EQ(ring_.register_ring(ARGO_REGISTER_SUPPRESS), 0);
    }

    void play(const std::string& what, Words& words)
    {
        if (what == "wish") {
            owner_.shared(ring_.header() + 8) = number(words);
            owner_.shared(ring_.header() + 12) = number(words) * slot;
        } else if (what == "consume") {
            ring_.rx() = number(words) * slot;
        } else {
            ASSERT_EQ(what, "send");
            EXPECT_EQ(sender_.send(1, port, {}), 0);
            EXPECT_EQ(owner_.events(space_vector), answer(words) == "event" ? 1u : 0u);
        }
    }

  private:
    World world_;
    Guest& owner_ = world_.start(1);
    Sender sender_{world_, world_.start(2)};
    RingClient ring_{world_, owner_, port, wildcard, 4 * slot};
};

TEST(Model, RingIsTheEngines) { EXPECT_GT(play<RingStage>("ring.honest.txt"), 100u); }

TEST(Model, RingOfAHostileOwnerIsTheEngines) { EXPECT_GT(play<RingStage>("ring.hostile.txt"), 100u); }

TEST(Model, WaitersAreTheEngines) { EXPECT_GT(play<NotifyStage>("notify.senders.txt"), 100u); }

TEST(Model, BindingsAreTheEngines) { EXPECT_GT(play<VectorStage>("vector.changes.txt"), 100u); }

TEST(Model, SuppressionIsTheEngines)
{
    if ((all_features & ARGO_FEATURE_SUPPRESS) == 0) GTEST_SKIP() << "the engine has no SUPPRESS";
    EXPECT_GT(play<SuppressStage>("suppress.wishes.txt"), 100u);
}

} // namespace
} // namespace argo::engine::test
