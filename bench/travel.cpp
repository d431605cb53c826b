// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// From one side to the other. transfer: one thread sends and then receives, so no scheduler is in it. stream:
// one thread sends as fast as another receives. roundtrip: a message goes there and an answer comes back.
#include "cases.hpp"
#include "paths.hpp"
#include "threads.hpp"

#include <benchmark/benchmark.h>

#include <optional>

namespace argo::bench {
namespace {

/// A path that is made when first used, or the reason why there is none.
template <class Path>
class Lazy
{
  public:
    explicit Lazy(uint32_t bytes) : bytes_(bytes) {}

    /// Null after it told the benchmark why.
    Path* get(benchmark::State& state)
    {
        try {
            if (!path_) path_.emplace(bytes_);
            return &*path_;
        } catch (const std::exception& failure) {
            state.SkipWithError(failure.what());
            return nullptr;
        }
    }

    uint32_t bytes() const { return bytes_; }

  private:
    const uint32_t bytes_;
    std::optional<Path> path_;
};

void processed(benchmark::State& state, uint32_t bytes)
{
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
    state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * bytes);
}

template <class Path>
void transfer(benchmark::State& state, Lazy<Path>& lazy)
{
    Path* const path = lazy.get(state);
    if (!path) return;
    for (auto _ : state) {
        if (!path->send(0)) [[unlikely]] {
            state.SkipWithError("a message of this size does not fit at once");
            break;
        }
        path->receive(1);
    }
    processed(state, lazy.bytes());
}

template <class Path>
void stream(benchmark::State& state, Lazy<Path>& lazy)
{
    Path* const path = lazy.get(state);
    if (!path) return;
    const auto messages = static_cast<uint64_t>(state.max_iterations);
    const uint32_t before = path->events();
    const Pinned here(0);
    std::thread receiver([&] {
        const Pinned there(1);
        for (uint64_t i = 0; i < messages; ++i) path->receive(1);
    });
    for (auto _ : state) {
        while (!path->send(0)) std::this_thread::yield();
    }
    receiver.join();
    processed(state, lazy.bytes());
    state.counters["events_per_message"] =
        static_cast<double>(path->events() - before) / static_cast<double>(messages);
}

template <class Path>
void roundtrip(benchmark::State& state, Lazy<Path>& lazy)
{
    Path* const path = lazy.get(state);
    if (!path) return;
    const auto rounds = static_cast<uint64_t>(state.max_iterations);
    const Pinned here(0);
    std::thread other([&] {
        const Pinned there(1);
        for (uint64_t i = 0; i < rounds; ++i) {
            path->receive(1);
            path->send(1);
        }
    });
    for (auto _ : state) {
        path->send(0);
        path->receive(0);
    }
    other.join();
    processed(state, lazy.bytes());
}

template <class Path>
benchmark::internal::Benchmark* add(const std::string& name, uint32_t bytes,
                                    void (*measure)(benchmark::State&, Lazy<Path>&))
{
    auto lazy = std::make_shared<Lazy<Path>>(bytes);
    return benchmark::RegisterBenchmark((name + "/bytes:" + std::to_string(bytes)).c_str(),
                                        [=](benchmark::State& state) { measure(state, *lazy); });
}

template <class Path>
void add_transfers(const std::string& name)
{
    for (const uint32_t bytes : sizes) add<Path>("transfer/" + name, bytes, transfer<Path>);
}

template <class Path>
void add_roundtrip(const std::string& name, uint32_t bytes = 64)
{
    add<Path>("roundtrip/" + name, bytes, roundtrip<Path>)->UseRealTime();
}

template <class Path>
void add_streams(const std::string& name)
{
    for (const uint32_t bytes : {64u, 4096u}) add<Path>("stream/" + name, bytes, stream<Path>)->UseRealTime();
}

template <class Candidate>
void add_engine()
{
    const std::string name = Candidate::name;
    add_transfers<Rings<Candidate, Receiver::polls>>(name);
    add_streams<Rings<Candidate, Receiver::polls>>(name + "/polling");
    add_streams<Rings<Candidate, Receiver::sleeps>>(name + "/sleeping");
    add_roundtrip<Rings<Candidate, Receiver::polls>>(name + "/polling");
    add_roundtrip<Rings<Candidate, Receiver::sleeps>>(name + "/sleeping");
}

} // namespace

void add_travel_cases()
{
    add_engine<Lean>();
    add_engine<Baseline>();
    add_transfers<Copies>("memcpy");
    add_transfers<SharedRings>("spsc");
    add_transfers<Pipes>("pipe");
    add_transfers<StreamSockets>("unix-stream");
    add_transfers<PacketSockets>("unix-seqpacket");
    add_transfers<Queues>("mq");
    add_roundtrip<SharedRings>("spsc/polling");
    add_roundtrip<Pipes>("pipe");
    add_roundtrip<StreamSockets>("unix-stream");
    add_roundtrip<PacketSockets>("unix-seqpacket");
    add_roundtrip<Queues>("mq");
    add_roundtrip<Futexes>("futex", 0);
}

} // namespace argo::bench
