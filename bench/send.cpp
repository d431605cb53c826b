// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Sending: what one message costs its sender, by size, pieces and senders, in each engine; and the floor, a
// plain copy of the same bytes into the same ring. The receiver polls, so no event is due.
#include "cases.hpp"
#include "link.hpp"
#include "threads.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace argo::bench {
namespace {

struct Variant
{
    uint32_t bytes;
    uint32_t senders = 1;
    bool same_ring = false;
    uint32_t pieces = 1;
    uint32_t offset = 0; // of the payload in its page
    uint32_t idle = 0;   // other domains, with as many rings as they may have
    uint32_t batch = 0;  // messages by one call of send_batch; 0: by one of sendv each
};

constexpr std::chrono::microseconds window{3000}; // for which several senders are watched

/// A candidate with pairs of domains, made when first used.
template <class Candidate>
class Scene
{
  public:
    explicit Scene(Variant variant) : variant_(variant) {}

    /// One sender, or several at once.
    void run(benchmark::State& state, bool together)
    {
        try {
            if (parties_.empty()) make();
            together ? run_together(state) : variant_.batch != 0 ? run_batch(state) : run_alone(state);
        } catch (const std::exception& failure) {
            state.SkipWithError(failure.what());
        }
    }

  private:
    void run_alone(benchmark::State& state)
    {
        Drain drain = drains_[0];
        for (auto _ : state) send(outboxes_[0], drain);
        tell(state, state.iterations());
    }

    void run_batch(benchmark::State& state)
    {
        Drain drain = drains_[0];
        while (state.KeepRunningBatch(variant_.batch)) {
            drain.make_room(variant_.batch);
            if (!outboxes_[0].send_batch()) [[unlikely]]
                throw std::runtime_error("send_batch did not send all");
        }
        tell(state, state.iterations());
    }

    /// Each sender on a CPU of its own, as far as there are any. All run before and after the time in which
    /// what they send is counted, so that it is a time of all of them.
    void run_together(benchmark::State& state)
    {
        struct alignas(64) Progress
        {
            std::atomic<uint64_t> sent{0};
        };
        std::vector<Progress> progress(variant_.senders);
        std::atomic<bool> stop{false};
        std::vector<std::thread> others;
        struct Moment
        {
            std::chrono::steady_clock::time_point time;
            uint64_t sent = 0;
            double cpu = 0;
        };
        const auto look = [&] {
            for (uint32_t tries = 1;; ++tries) {
                Moment moment{std::chrono::steady_clock::now()};
                for (const Progress& one : progress) moment.sent += one.sent.load(std::memory_order_relaxed);
                moment.cpu = cpu_time(pthread_self());
                for (std::thread& other : others) moment.cpu += cpu_time(other.native_handle());
                // Unless something else ran meanwhile, all of it is of one moment.
                if (std::chrono::steady_clock::now() - moment.time < window / 100 || tries == 100)
                    return moment;
            }
        };

        const Pinned here(0);
        for (uint32_t i = 1; i < variant_.senders; ++i) {
            others.emplace_back([&, i] {
                const Pinned there(i);
                Drain drain = drains_[i];
                for (uint64_t sent = 1; !stop.load(std::memory_order_relaxed); ++sent) {
                    send(outboxes_[i], drain);
                    progress[i].sent.store(sent, std::memory_order_relaxed);
                }
            });
        }
        double share = 0;
        uint64_t mine = 0;
        Drain drain = drains_[0];
        for (auto _ : state) {
            for (uint32_t i = 1; i < variant_.senders; ++i) {
                while (progress[i].sent.load(std::memory_order_relaxed) == 0) std::this_thread::yield();
            }
            const Moment start = look();
            do {
                for (uint32_t i = 0; i < 64; ++i) send(outboxes_[0], drain);
                progress[0].sent.store(mine += 64, std::memory_order_relaxed);
            } while (std::chrono::steady_clock::now() - start.time < window);
            const Moment end = look();
            const std::chrono::duration<double> elapsed = end.time - start.time;
            share = (end.cpu - start.cpu) / (elapsed.count() * std::min(variant_.senders, cpus()));
            state.SetIterationTime(elapsed.count() / static_cast<double>(end.sent - start.sent));
        }
        stop.store(true);
        for (std::thread& other : others) other.join();
        state.counters["cpu_share"] = share;
        tell(state, state.iterations());
    }

    /// Several senders to one ring, each of which plays its receiver now and then, can meet a ring that is
    /// full.
    static void send(Outbox<Candidate>& outbox, Drain& drain)
    {
        drain.make_room();
        while (true) {
            const int64_t result = outbox.send();
            if (result == outbox.payload) [[likely]]
                return;
            if (result != -ARGO_EAGAIN && result != -ARGO_EBUSY) {
                std::fprintf(stderr, "argo-bench: sendv: %lld\n", static_cast<long long>(result));
                std::abort(); // also on a thread of its own
            }
            drain.discard();
        }
    }

    void tell(benchmark::State& state, benchmark::IterationCount sent) const
    {
        state.SetItemsProcessed(sent);
        state.SetBytesProcessed(sent * variant_.bytes);
    }

    void make()
    {
        const uint32_t length = ring_length(variant_.bytes);
        const uint32_t inboxes = variant_.same_ring ? 1 : variant_.senders;
        const auto domid = [](uint32_t number) { return static_cast<uint16_t>(number); };
        // A partner exists before the ring that names it.
        for (uint32_t i = 0; i < variant_.senders; ++i) {
            parties_.emplace_back(candidate_, domid(1 + i), variant_.bytes + 64 * page_size);
        }
        for (uint32_t i = 0; i < inboxes; ++i) {
            auto& owner = parties_.emplace_back(candidate_, domid(100 + i), length + 64 * page_size);
            const uint16_t partner = variant_.same_ring ? uint16_t{ARGO_DOMID_WILDCARD} : domid(1 + i);
            inboxes_.emplace_back(owner, 80u, partner, length);
        }
        for (uint32_t i = 0; i < variant_.senders; ++i) {
            const uint32_t to = variant_.same_ring ? 0 : i;
            outboxes_.emplace_back(parties_[i], 0u, domid(100 + to), 80u, variant_.bytes, variant_.pieces,
                                   variant_.offset);
            drains_.emplace_back(inboxes_[to], variant_.bytes, variant_.same_ring ? variant_.senders : 1);
            if (variant_.batch != 0) outboxes_.back().prepare_batch(variant_.batch);
        }
        for (uint32_t i = 0; i < variant_.idle; ++i) {
            auto& bystander =
                parties_.emplace_back(candidate_, domid(1000 + i), idle_rings * 5 * page_size / 4);
            for (uint32_t port = 0; port < idle_rings; ++port) {
                const Inbox ring(bystander, port, ARGO_DOMID_WILDCARD,
                                 page_size - uint32_t{sizeof(argo_ring)});
            }
        }
    }

    static constexpr uint32_t idle_rings = 128;

    const Variant variant_;
    Host host_;
    Candidate candidate_{host_};
    std::deque<Party<Candidate>> parties_;
    std::deque<Inbox> inboxes_;
    std::deque<Outbox<Candidate>> outboxes_;
    std::deque<Drain> drains_;
};

/// The floor: the same bytes to the same places, and nothing else.
class Copy
{
  public:
    explicit Copy(uint32_t bytes) : bytes_(bytes) {}

    void run(benchmark::State& state)
    {
        if (!to_) make();
        const uint32_t length = ring_length(bytes_), slot = slot_bytes(bytes_);
        std::byte* const ring = to_->at(sizeof(argo_ring));
        const std::byte* const source = from_->at(0);
        uint32_t position = 0;
        for (auto _ : state) {
            position += uint32_t{sizeof(argo_message)};
            const uint32_t to_wrap = length - position, first = bytes_ < to_wrap ? bytes_ : to_wrap;
            std::memcpy(ring + position, source, first);
            if (first < bytes_) [[unlikely]]
                std::memcpy(ring, source + first, bytes_ - first);
            benchmark::ClobberMemory();
            position += slot - uint32_t{sizeof(argo_message)};
            if (position >= length) position -= length;
        }
        const auto copied = static_cast<int64_t>(state.iterations());
        state.SetItemsProcessed(copied);
        state.SetBytesProcessed(copied * bytes_);
    }

  private:
    void make()
    {
        from_.emplace(bytes_ + page_size);
        to_.emplace(ring_length(bytes_) + page_size);
        std::memset(from_->at(0), 0x5a, bytes_);
    }

    const uint32_t bytes_;
    std::optional<Guest> from_, to_;
};

template <class Candidate>
void add_sends(const std::string& name, Variant variant, bool together = false)
{
    auto scene = std::make_shared<Scene<Candidate>>(variant);
    auto* const added =
        benchmark::RegisterBenchmark((std::string("send/") + Candidate::name + name).c_str(),
                                     [=](benchmark::State& state) { scene->run(state, together); });
    if (together) added->UseManualTime()->Iterations(1);
}

template <class Candidate>
void add_engine()
{
    for (const uint32_t bytes : sizes)
        add_sends<Candidate>("/bytes:" + std::to_string(bytes), {.bytes = bytes});
    add_sends<Candidate>("/idle:254/bytes:64", {.bytes = 64, .idle = 254});
    for (const uint32_t bytes : {64u, 4096u}) {
        const std::string suffix = "/bytes:" + std::to_string(bytes);
        for (const uint32_t senders : {1u, 2u, 4u}) {
            for (const bool same : {false, true}) {
                add_sends<Candidate>((same ? "/rings:same/senders:" : "/rings:different/senders:") +
                                         std::to_string(senders) + suffix,
                                     {.bytes = bytes, .senders = senders, .same_ring = same}, true);
            }
        }
        for (const uint32_t pieces : {2u, 8u}) {
            add_sends<Candidate>("/iov:" + std::to_string(pieces) + suffix,
                                 {.bytes = bytes, .pieces = pieces});
        }
        add_sends<Candidate>("/iov:crossing" + suffix, {.bytes = bytes, .offset = page_size - bytes / 2});
    }
}

} // namespace

void add_send_cases()
{
    add_engine<Lean>();
    for (const uint32_t bytes : {64u, 4096u}) {
        for (const uint32_t batch : {1u, 8u, 32u}) {
            const std::string name = "/batch:" + std::to_string(batch) + "/bytes:" + std::to_string(bytes);
            add_sends<Lean>(name, {.bytes = bytes, .batch = batch});
        }
    }
    add_engine<Baseline>();
    for (const uint32_t bytes : sizes) {
        auto copy = std::make_shared<Copy>(bytes);
        benchmark::RegisterBenchmark(("send/memcpy/bytes:" + std::to_string(bytes)).c_str(),
                                     [copy](benchmark::State& state) { copy->run(state); });
    }
}

} // namespace argo::bench
