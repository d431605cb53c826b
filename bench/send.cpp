// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Sending: what one message costs its sender, by size, pieces and senders, in each engine; and the floor, a
// plain copy of the same bytes into the same ring. The receiver polls, so no event is due.
#include "cases.hpp"
#include "link.hpp"

#include <benchmark/benchmark.h>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>

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
};

/// A candidate with pairs of domains, made by the first thread that asks.
template <class Candidate>
class Scene
{
  public:
    explicit Scene(Variant variant) : variant_(variant) {}

    void run(benchmark::State& state)
    {
        try {
            std::call_once(once_, [&] { make(); });
        } catch (const std::exception& failure) {
            return state.SkipWithError(failure.what());
        }
        const auto thread = static_cast<size_t>(state.thread_index());
        Outbox<Candidate>& outbox = outboxes_[thread];
        Drain drain = drains_[thread];
        for (auto _ : state) {
            drain.make_room();
            while (true) {
                const int64_t result = outbox.send();
                if (result == outbox.payload) [[likely]]
                    break;
                if (result != -ARGO_EAGAIN && result != -ARGO_EBUSY) {
                    return state.SkipWithError(("sendv: " + std::to_string(result)).c_str());
                }
                drain.discard();
            }
        }
        const auto sent = static_cast<int64_t>(state.iterations());
        state.SetItemsProcessed(sent);
        state.SetBytesProcessed(sent * variant_.bytes);
    }

  private:
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
    std::once_flag once_;
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
        std::call_once(once_, [&] { make(); });
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
    std::once_flag once_;
    std::optional<Guest> from_, to_;
};

template <class Candidate>
void add_sends(const std::string& name, Variant variant, bool wall = false)
{
    auto scene = std::make_shared<Scene<Candidate>>(variant);
    auto* const added = benchmark::RegisterBenchmark((std::string("send/") + Candidate::name + name).c_str(),
                                                     [scene](benchmark::State& state) { scene->run(state); });
    if (wall) added->Threads(static_cast<int>(variant.senders))->UseRealTime();
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
            add_sends<Candidate>("/rings:different" + suffix, {.bytes = bytes, .senders = senders}, true);
            add_sends<Candidate>("/rings:same" + suffix,
                                 {.bytes = bytes, .senders = senders, .same_ring = true}, true);
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
    add_engine<Baseline>();
    for (const uint32_t bytes : sizes) {
        auto copy = std::make_shared<Copy>(bytes);
        benchmark::RegisterBenchmark(("send/memcpy/bytes:" + std::to_string(bytes)).c_str(),
                                     [copy](benchmark::State& state) { copy->run(state); });
    }
}

} // namespace argo::bench
