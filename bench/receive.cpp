// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Receiving: what one message costs its receiver with the guest library, which copies it out. The ring is
// filled off the clock.
#include "cases.hpp"
#include "link.hpp"

#include <argo/ring.hpp>
#include <benchmark/benchmark.h>

#include <chrono>
#include <vector>

namespace argo::bench {
namespace {

/// Each iteration takes as many messages as there are, and so many off the time.
void receive(benchmark::State& state, uint32_t bytes)
{
    Host host;
    Lean candidate(host);
    const size_t memory = ring_length(bytes) + bytes + 64 * page_size;
    Party<Lean> sender(candidate, 1, memory), receiver(candidate, 2, memory);
    const Inbox inbox(receiver, 80, 1, ring_length(bytes));
    Outbox outbox(sender, 0, 2, 80, bytes);
    RingReader reader(&inbox.header(), inbox.length);
    reader.poll_only();
    std::vector<std::byte> buffer(bytes);
    const uint32_t batch = (inbox.length - ARGO_SLOT) / slot_bytes(bytes);

    for (auto _ : state) {
        for (uint32_t i = 0; i < batch; ++i) {
            if (outbox.send() != bytes) return state.SkipWithError("a message was not sent");
        }
        const auto start = std::chrono::steady_clock::now();
        for (uint32_t i = 0; i < batch; ++i) {
            const auto message = reader.peek();
            if (!message) return state.SkipWithError("a message did not arrive");
            reader.copy_out(buffer.data(), message->size);
            reader.consume();
        }
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        state.SetIterationTime(time.count() / batch);
    }
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * bytes);
}

} // namespace

void add_receive_cases()
{
    for (const uint32_t bytes : sizes) {
        // The manual time is of one message of many, so the iterations are few and given.
        benchmark::RegisterBenchmark(("receive/engine/bytes:" + std::to_string(bytes)).c_str(),
                                     [=](benchmark::State& state) { receive(state, bytes); })
            ->UseManualTime()
            ->Iterations(16);
    }
}

} // namespace argo::bench
