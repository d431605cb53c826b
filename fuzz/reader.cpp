// SPDX-License-Identifier: Apache-2.0 OR MIT
// The guest library's reader of a ring that anybody scribbles on: it stays inside the ring, writes nothing
// but its own words of the header, and says of no message what cannot be. Book: spec/ring.rst,
// spec/suppress.rst.
#include "oracle/input.hpp"

#include <argo/ring.hpp>

#include <cstdlib>
#include <memory>
#include <vector>

namespace {

void require(bool holds)
{
    if (!holds) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace argo;
    fuzz::Input input(data, size);
    const uint32_t length = input.rarely(32) ? input.take<uint16_t>() : ARGO_SLOT * (3 + input.below(13));
    const size_t bytes = sizeof(argo_ring) + length;
    // A piece of memory of just that size, so that a step outside is seen.
    const std::unique_ptr<void, decltype(&std::free)> memory(std::aligned_alloc(16, (bytes + 15) / 16 * 16),
                                                             std::free);
    auto* const start = static_cast<uint8_t*>(memory.get());
    std::memset(start, 0, bytes);
    auto* const ring = new (start) argo_ring;
    const auto scribble = [&] {
        if (input.rarely(96)) {
            start[input.take<uint16_t>() % bytes] = input.byte();
        } else {
            auto* const words = reinterpret_cast<uint32_t*>(start);
            words[input.rarely(128) ? input.below(4) : input.take<uint16_t>() % (bytes / 4)] =
                input.rarely(64) ? input.take<uint32_t>() : ARGO_SLOT * input.below(16);
        }
    };
    for (unsigned n = input.below(8); n != 0; --n) scribble();

    RingReader reader(ring, length);
    std::vector<uint8_t> copied(bytes);
    for (unsigned steps = 0; steps < 256 && !input.ended(); ++steps) {
        std::vector<uint8_t> before(start, start + bytes);
        switch (input.below(9)) {
        case 0:
        case 1:
            if (const auto message = reader.peek())
                require(message.value().size <= length - ARGO_RING_OVERHEAD);
            break;
        case 2: {
            const uint32_t most =
                input.rarely(32) ? input.take<uint32_t>() % static_cast<uint32_t>(bytes) : input.byte();
            if (most <= copied.size())
                require(reader.copy_out(copied.data(), most, input.take<uint16_t>()) <= most);
            break;
        }
        case 3: require(reader.consume() <= length); break;
        case 4: (void)reader.resynchronise(); break;
        case 5: reader.poll_only(); break;
        case 6: reader.hear_each(); break;
        case 7: (void)reader.may_wait(input.rarely(64) ? input.take<uint32_t>() : input.byte()); break;
        default: scribble(); continue;
        }
        // rx_ptr, wish and position are the receiver's; everything else is as it was.
        std::memcpy(before.data() + offsetof(argo_ring, rx_ptr), &ring->rx_ptr, sizeof ring->rx_ptr);
        std::memcpy(before.data() + offsetof(argo_ring, wish), &ring->wish, 2 * sizeof ring->wish);
        require(std::memcmp(before.data(), start, bytes) == 0);
        require(ring_length_valid(length) || ring->rx_ptr == 0 || std::memcmp(before.data(), start, 4) == 0);
    }
    return 0;
}
