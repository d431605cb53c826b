// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Does one thing so many times, for callgrind: argo-bench-count WHAT BYTES TIMES. Two runs of different
// length differ by what the thing itself takes: start-up and the first, cold rounds cancel. Only `measured`
// is to be counted (--toggle-collect='*measured*').
#include "link.hpp"

#include <argo/ring.hpp>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

using namespace argo::bench;

template <class Step>
[[gnu::noinline]] void measured(Step& step, uint64_t times)
{
    for (uint64_t i = 0; i < times; ++i) step();
}

void must(bool sent)
{
    if (sent) return;
    std::fputs("argo-bench-count: a message was not sent\n", stderr);
    std::exit(1);
}

template <class Candidate>
void count_sends(uint32_t bytes, uint64_t times)
{
    Host host;
    Candidate candidate(host);
    const size_t memory = ring_length(bytes) + bytes + 64 * page_size;
    Party<Candidate> sender(candidate, 1, memory), receiver(candidate, 2, memory);
    Inbox inbox(receiver, 80, 1, ring_length(bytes));
    Drain drain(inbox, bytes);
    Outbox outbox(sender, 0, 2, 80, bytes);
    const auto step = [&] {
        drain.make_room();
        must(outbox.send() == bytes);
    };
    measured(step, times);
}

/// Each of the times is a batch of 32.
void count_batches(uint32_t bytes, uint64_t times)
{
    constexpr uint32_t messages = 32;
    Host host;
    Lean candidate(host);
    const size_t memory = ring_length(bytes) + bytes + 64 * page_size;
    Party<Lean> sender(candidate, 1, memory), receiver(candidate, 2, memory);
    Inbox inbox(receiver, 80, 1, ring_length(bytes));
    Drain drain(inbox, bytes);
    Outbox outbox(sender, 0, 2, 80, bytes);
    outbox.prepare_batch(messages);
    const auto step = [&] {
        drain.make_room(messages);
        must(outbox.send_batch());
    };
    measured(step, times);
}

/// What is no part of the engine in that: the copy itself.
void count_copies(uint32_t bytes, uint64_t times)
{
    Guest from(bytes + page_size), to(bytes + page_size);
    const auto step = [&] {
        std::memcpy(to.at(0), from.at(0), bytes);
        asm volatile("" ::: "memory");
    };
    measured(step, times);
}

/// And the receiver that the sender plays.
void count_drains(uint32_t bytes, uint64_t times)
{
    Host host;
    Baseline candidate(host);
    Party<Baseline> receiver(candidate, 2, ring_length(bytes) + 64 * page_size);
    Inbox inbox(receiver, 80, 1, ring_length(bytes));
    Drain drain(inbox, bytes);
    const auto step = [&] {
        drain.make_room();
        asm volatile("" ::: "memory");
    };
    measured(step, times);
}

struct Burst
{
    uint64_t messages, calls, events, copied_bytes, payload_bytes;
};

/// So many messages, by a call each or by one, to a receiver that told its wish and reads none meanwhile.
Burst burst(void (*wish)(argo::RingReader&), bool batch = false)
{
    constexpr uint32_t bytes = 64, messages = 32;
    Host host;
    Lean candidate(host);
    const size_t memory = ring_length(bytes) + bytes + 64 * page_size;
    Party<Lean> sender(candidate, 1, memory), receiver(candidate, 2, memory);
    receiver.hear();
    Inbox inbox(receiver, 80, 1, ring_length(bytes));
    argo::RingReader reader(&inbox.header(), inbox.length);
    wish(reader);
    Outbox outbox(sender, 0, 2, 80, bytes);
    if (batch) {
        outbox.prepare_batch(messages);
        must(outbox.send_batch());
    } else {
        for (uint32_t i = 0; i < messages; ++i) must(outbox.send() == bytes);
    }
    const auto counters = candidate.counters();
    return {counters.messages, counters.calls[ARGO_OP_SENDV] + counters.calls[ARGO_OP_SEND_BATCH],
            receiver.guest.events(), counters.copied_bytes, counters.payload_bytes};
}

void print_counters()
{
    const Burst polled = burst([](argo::RingReader& reader) { reader.poll_only(); });
    const Burst waited = burst([](argo::RingReader& reader) { (void)reader.may_wait(); });
    const Burst each = burst([](argo::RingReader& reader) { reader.hear_each(); });
    const auto ratio = [](uint64_t part, uint64_t whole) {
        return whole == 0 ? -1.0 : static_cast<double>(part) / static_cast<double>(whole);
    };
    const Burst batch = burst([](argo::RingReader& reader) { reader.hear_each(); }, true);
    const struct
    {
        const char* name;
        double value;
    } counters[] = {
        {"copies_per_message", ratio(polled.copied_bytes, polled.payload_bytes)},
        {"events_per_message_polling", ratio(polled.events, polled.messages)},
        {"events_per_burst", static_cast<double>(waited.events)},
        {"events_per_message_each", ratio(each.events, each.messages)},
        {"calls_per_message_batch_32", ratio(batch.calls, batch.messages) / ratio(each.calls, each.messages)},
        {"events_per_batch_32", static_cast<double>(batch.events)},
    };
    const char* separator = "{";
    for (const auto& [name, value] : counters) {
        std::printf("%s\"%s\": %g", separator, name, value);
        separator = ", ";
    }
    std::puts("}");
}

template <class Number>
bool parse(const char* text, Number& number)
{
    const std::string_view all(text);
    const auto [end, failure] = std::from_chars(all.data(), all.data() + all.size(), number);
    return failure == std::errc{} && end == all.data() + all.size();
}

} // namespace

int main(int count, char** arguments)
{
    if (count == 2 && std::string_view(arguments[1]) == "counters") return print_counters(), 0;
    uint32_t bytes;
    uint64_t times;
    if (count == 4 && parse(arguments[2], bytes) && parse(arguments[3], times) && bytes <= 0x100000) {
        const std::string_view what = arguments[1];
        if (what == Lean::name) return count_sends<Lean>(bytes, times), 0;
        if (what == Baseline::name) return count_sends<Baseline>(bytes, times), 0;
        if (what == "batch-32" && bytes <= 4096) return count_batches(bytes, times), 0;
        if (what == "copy") return count_copies(bytes, times), 0;
        if (what == "drain") return count_drains(bytes, times), 0;
    }
    std::fputs("usage: argo-bench-count engine|xen-like|batch-32|copy|drain BYTES TIMES; 1048576 bytes at "
               "most, 4096 in a batch\n"
               "       argo-bench-count counters\n",
               stderr);
    return 2;
}
