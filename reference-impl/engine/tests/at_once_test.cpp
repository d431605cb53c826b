// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Engine::send_at_once decides what the general path decides. Each send is made where the short cut takes it,
// if it can, and again from arguments that it does not take; results, rings, events and counters are alike.
#include "ring_client.hpp"

namespace argo::engine::test {
namespace {

constexpr uint32_t port = 80, length = 3 * page_size;
constexpr uint64_t event_vector = 0x41, space_vector = 0x40;

/// Where the arguments are.
enum class Taken
{
    at_once,
    not_aligned
};

/// Domain 2 sends to a wildcard ring of domain 1, as it did before.
struct Scene
{
    explicit Scene(Taken taken)
    {
        world.windows = true;
        owner = &world.start(1);
        guest = &world.start(2);
        world.bind(*owner, 1, event_vector);
        world.bind(*guest, 0, space_vector);
        ring.emplace(world, *owner, port, wildcard, length);
        own.emplace(world, *owner, port, guest->domid(), length);
        registration = owner->place(argo_register{port, wildcard, 0, length});
        frames = owner->allocate(ring->gfns.size() * sizeof(uint64_t));
        payload = guest->allocate(2 * page_size, page_size);
        guest->write(payload, pattern(2 * page_size).data(), 2 * page_size);
        address = guest->allocate(128, 16, taken == Taken::not_aligned ? 4 : 0);
        iovs = address + sizeof addresses;
        piece.base = payload;

        place(0, 0);
        EXPECT_EQ(run(), piece.length); // from here on the way is known
        ring->discard_all();
        owner->events(event_vector);
    }

    /// Registers the ring, again with an empty mind: next message at `tx`, the receiver at `rx`.
    void place(uint32_t rx, uint32_t tx, uint64_t flags = 0, uint32_t wish = 0, uint32_t position = 0)
    {
        ring->fill(0xaa);
        owner->store(ring->header(), argo_ring{rx, tx, wish, position, {}});
        owner->write(frames, ring->gfns.data(), ring->gfns.size() * sizeof(uint64_t));
        ASSERT_EQ(world.call(*owner, ARGO_OP_REGISTER_RING, registration, frames, ring->gfns.size(),
                             binding_flag(1) | flags),
                  0);
    }

    int64_t run()
    {
        if (address <= guest->memory_end() - sizeof addresses) guest->store(address, addresses);
        if (iovs <= guest->memory_end() - sizeof piece) guest->store(iovs, piece);
        return world.engine.call(guest->domain(), 0, word, {address, iovs, count, type}, privilege);
    }

    World world{[] {
        Limits limits;
        limits.max_message = 2 * page_size;
        limits.max_ring_waiters = 1;
        return limits;
    }()};
    Guest* owner;
    Guest* guest;
    std::optional<RingClient> ring, own;
    uint64_t registration, frames, payload;

    argo_send_addr addresses{{4711, 2, 0}, {port, 1, 0}};
    argo_iov piece{0, 100, 0};
    uint64_t address, iovs, count = 1, type = 0x12345678, word = ARGO_OPERATION_WORD(ARGO_OP_SENDV);
    Privilege privilege = Privilege::kernel;
};

/// What there is to see of a send.
struct Outcome
{
    int64_t result;
    Bytes rings;
    unsigned events, wakeups;
    Counters counters;

    Outcome(Scene& scene, int64_t returned)
        : result(returned),
          events(scene.owner->events(event_vector)),
          wakeups(scene.guest->events(space_vector)),
          counters(scene.world.engine.counters())
    {
        for (const RingClient* ring : {&*scene.ring, &*scene.own}) {
            for (const uint64_t gfn : ring->gfns) {
                rings.resize(rings.size() + page_size);
                scene.owner->read(gfn * page_size, rings.data() + rings.size() - page_size, page_size);
            }
        }
    }
};

void expect_alike(const Outcome& at_once, const Outcome& other)
{
    EXPECT_EQ(at_once.result, other.result);
    EXPECT_TRUE(at_once.rings == other.rings);
    EXPECT_EQ(at_once.events, other.events);
    EXPECT_EQ(at_once.wakeups, other.wakeups);
    EXPECT_EQ(std::memcmp(&at_once.counters, &other.counters, sizeof(Counters)), 0);
}

constexpr Taken others[] = {Taken::not_aligned};

/// Sizes around a slot, a page and what the short cut takes; places at which they end before the end of the
/// data, there, and behind it; space that is too little by a slot, just enough, and plenty; every wish.
TEST(AtOnce, messages_land_alike)
{
    struct Wish
    {
        uint64_t flags;
        uint32_t wish, offset; // of the position, from where the message begins
    };
    for (const Taken taken : others) {
        Scene at_once(Taken::at_once), other(taken);
        for (const uint32_t size : {0u, 1u, 15u, 16u, 17u, 64u, 4079u, 4080u, 4095u, 4096u, 4097u, 8192u}) {
            const uint32_t footprint = 16 + round_up_to_slot(size);
            const Wish wishes[] = {{0, ARGO_WISH_NONE, 0},
                                   {ARGO_REGISTER_SUPPRESS, ARGO_WISH_EACH, 0},
                                   {ARGO_REGISTER_SUPPRESS, ARGO_WISH_NONE, 0},
                                   {ARGO_REGISTER_SUPPRESS, ARGO_WISH_PAST, length - 1},
                                   {ARGO_REGISTER_SUPPRESS, ARGO_WISH_PAST, 0},
                                   {ARGO_REGISTER_SUPPRESS, ARGO_WISH_PAST, footprint - 1},
                                   {ARGO_REGISTER_SUPPRESS, ARGO_WISH_PAST, footprint},
                                   {ARGO_REGISTER_SUPPRESS, ARGO_WISH_PAST + 1, 0}};
            for (const uint32_t tx :
                 {0u, 16u, length - footprint - 16, length - footprint, length - 32, length - 16}) {
                for (const uint32_t free : {footprint, footprint + 16, footprint + 32, length}) {
                    for (const Wish& wish : wishes) {
                        const auto play = [&](Scene& scene) {
                            scene.place((tx + free) % length, tx, wish.flags, wish.wish,
                                        (tx + wish.offset) % length);
                            scene.piece.length = size;
                            const int64_t result = scene.run();
                            scene.ring->discard_all(); // nobody waits in the next row
                            EXPECT_EQ(scene.ring->notify(), 0);
                            return Outcome(scene, result);
                        };
                        SCOPED_TRACE(testing::Message() << size << " bytes at " << tx << ", free " << free
                                                        << ", wish " << wish.wish << '+' << wish.offset);
                        expect_alike(play(at_once), play(other));
                        if (testing::Test::HasFailure()) return;
                    }
                }
            }
        }
    }
}

struct Row
{
    const char* what;
    void (*apply)(Scene&);
};

const Row rows[] = {
    {"nothing", [](Scene&) {}},
    {"no pieces", [](Scene& s) { s.count = 0; }},
    {"too many pieces", [](Scene& s) { s.count = 65; }},
    {"the largest type", [](Scene& s) { s.type = UINT32_MAX; }},
    {"a larger type", [](Scene& s) { s.type = uint64_t{UINT32_MAX} + 1; }},
    {"reserved in the source", [](Scene& s) { s.addresses.src.reserved = 1; }},
    {"reserved in the destination", [](Scene& s) { s.addresses.dst.reserved = 1; }},
    {"a flag of the piece", [](Scene& s) { s.piece.flags = 1; }},
    {"the highest flag", [](Scene& s) { s.piece.flags = 0x8000'0000; }},
    {"a forged source", [](Scene& s) { s.addresses.src.domid = 1; }},
    {"the wildcard as source", [](Scene& s) { s.addresses.src.domid = wildcard; }},
    {"an absent domain", [](Scene& s) { s.addresses.dst.domid = 9; }},
    {"a reserved domid", [](Scene& s) { s.addresses.dst.domid = wildcard; }},
    {"no ring", [](Scene& s) { s.addresses.dst.port = port + 1; }},
    {"another source port", [](Scene& s) { s.addresses.src.port = 0; }},
    {"more than max_message", [](Scene& s) { s.piece.length = 2 * page_size + 1; }},
    {"all there is", [](Scene& s) { s.piece.length = UINT32_MAX; }},
    {"payload at an odd address", [](Scene& s) { s.piece.base += 3; }},
    {"payload that ends with memory", [](Scene& s) { s.piece.base = s.guest->memory_end() - 100; }},
    {"payload that ends behind it", [](Scene& s) { s.piece.base = s.guest->memory_end() - 99; }},
    {"payload within reach of the end", [](Scene& s) { s.piece.base = s.guest->memory_end() - 4096; }},
    {"payload just out of it", [](Scene& s) { s.piece.base = s.guest->memory_end() - 4095; }},
    {"payload behind memory", [](Scene& s) { s.piece.base = s.guest->memory_end(); }},
    {"payload at the top", [](Scene& s) { s.piece.base = UINT64_MAX - 99; }},
    {"no payload at the top",
     [](Scene& s) {
         s.piece = {UINT64_MAX, 0, 0};
     }},
    {"addresses behind memory", [](Scene& s) { s.address = s.guest->memory_end() - 8; }},
    {"addresses at the top", [](Scene& s) { s.address = UINT64_MAX - 7; }},
    {"pieces behind memory", [](Scene& s) { s.iovs = s.guest->memory_end() - 8; }},
    {"pieces at an odd address", [](Scene& s) { s.iovs += 17; }},
    {"flags of the mechanism", [](Scene& s) { s.word |= uint64_t{1} << 32; }},
    {"reserved bits", [](Scene& s) { s.word |= 1 << 24; }},
    {"another major", [](Scene& s) { s.word ^= 0x30000; }},
    {"user mode", [](Scene& s) { s.privilege = Privilege::user; }},
    {"a send that policy denies now",
     [](Scene& s) { s.world.host.policy = [](const PolicyQuestion& q) { return q.hook != Hook::send; }; }},
    {"a caller that policy denies now",
     [](Scene& s) { s.world.host.policy = [](const PolicyQuestion& q) { return q.hook != Hook::enable; }; }},
    {"a stale caller", [](Scene& s) { s.world.engine.restore(s.guest->domain()); }},
    {"a stale owner", [](Scene& s) { s.world.engine.restore(s.owner->domain()); }},
    {"a removed ring", [](Scene& s) { EXPECT_EQ(s.ring->unregister_ring(), 0); }},
    {"a ring for the sender alone", [](Scene& s) { EXPECT_EQ(s.own->register_ring(binding_flag(1)), 0); }},
    {"pages that are not adjacent",
     [](Scene& s) {
         std::swap(s.ring->gfns[1], s.ring->gfns[2]);
         s.place(0, 0);
     }},
    {"no binding",
     [](Scene& s) { EXPECT_EQ(s.world.call(*s.owner, ARGO_OP_VECTOR, 1, ARGO_BINDING_NONE), 0); }},
    {"a full ring", [](Scene& s) { s.place(16, 0); }},
    {"a ring that nothing more fits in", [](Scene& s) { s.place(0, length - 16); }},
    {"a full ring at which another waits",
     [](Scene& s) {
         s.place(16, 0);
         Sender third(s.world, s.world.start(3));
         EXPECT_EQ(third.send(1, port, pattern(10)), error(ARGO_EAGAIN));
     }},
    {"an impossible rx_ptr", [](Scene& s) { s.ring->rx() = 0xffff'ffff; }},
    {"an rx_ptr between slots", [](Scene& s) { s.ring->rx() = s.ring->rx() + 9; }},
    {"a tx_ptr that the guest wrote", [](Scene& s) { s.ring->tx() = 4242; }},
    {"the end of the owner",
     [](Scene& s) {
         s.world.kill(*s.owner);
         s.owner = &s.world.start(1);
     }},
};

/// Twice each, and then the owner makes space.
TEST(AtOnce, everything_else_is_decided_alike)
{
    for (const Row& row : rows) {
        for (const Taken taken : others) {
            SCOPED_TRACE(row.what);
            Scene scenes[] = {Scene(Taken::at_once), Scene(taken)};
            for (Scene& scene : scenes) row.apply(scene);
            for (int again = 0; again < 2; ++again) {
                const int64_t at_once = scenes[0].run(), other = scenes[1].run();
                expect_alike(Outcome(scenes[0], at_once), Outcome(scenes[1], other));
            }
            const auto make_space = [](Scene& scene) {
                scene.owner->store(scene.ring->header(),
                                   scene.owner->load<uint32_t>(scene.ring->header() + 4));
                return Outcome(scene, scene.world.call(*scene.owner, ARGO_OP_NOTIFY));
            };
            expect_alike(make_space(scenes[0]), make_space(scenes[1]));
        }
    }
}

} // namespace
} // namespace argo::engine::test
