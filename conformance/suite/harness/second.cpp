// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A second vCPU that rewrites memory.
#include "harness/second.hpp"

#include "harness/expect.hpp"
#include "harness/platform.hpp"
#include "harness/session.hpp"

namespace argo::suite {

namespace {

constexpr uint32_t second = 1;

struct Word
{
    void* where;
    size_t size, count, next;
    uint64_t values[4];
};

/// Not a Rewriter's own, since a case may be left without its destructor.
struct Work
{
    static constexpr size_t most = 8;
    Word words[most];
    size_t count;
    uint32_t rounds;
};
constinit ARGO_SUITE_LOCAL Work work{};

template <class Type>
void put(const Word& word)
{
    __atomic_store_n(static_cast<Type*>(word.where), static_cast<Type>(word.values[word.next]),
                     __ATOMIC_RELEASE);
}

/// On the second vCPU: every word, once.
bool rewrite(void* argument)
{
    auto& all = *static_cast<Work*>(argument);
    for (size_t i = 0; i < all.count; i++) {
        Word& word = all.words[i];
        if (++word.next == word.count) word.next = 0;
        switch (word.size) {
        case 2: put<uint16_t>(word); break;
        case 4: put<uint32_t>(word); break;
        default: put<uint64_t>(word);
        }
    }
    __atomic_add_fetch(&all.rounds, 1, __ATOMIC_RELEASE);
    return true;
}

bool is_among(uint64_t value, std::span<const uint64_t> values)
{
    for (const uint64_t each : values)
        if (each == value) return true;
    return false;
}

/// Whether each value is still one of them with a byte of another one in it.
bool are_closed(std::span<const uint64_t> values)
{
    for (const uint64_t one : values)
        for (const uint64_t other : values)
            for (uint64_t byte = 0xff; byte != 0; byte <<= 8)
                if (!is_among((one & ~byte) | (other & byte), values)) return false;
    return true;
}

uint32_t rewrites() { return __atomic_load_n(&work.rounds, __ATOMIC_ACQUIRE); }

} // namespace

Rewriter::Rewriter()
{
    stop();
    work = {};
}

void Rewriter::add(Gpa where, size_t size, std::span<const uint64_t> values)
{
    void* const pointer = session->self.owns(where, size) ? platform::pointer(where, size) : nullptr;
    if (pointer == nullptr || where.value % size != 0 || work.count == Work::most)
        error("the case rewrites what is no word of its own");
    Word& word = work.words[work.count++];
    if (!are_closed(values)) error("the case rewrites a word with values that can be mixed");
    word = {pointer, size, values.size(), 0, {}};
    for (size_t i = 0; i < values.size(); i++) word.values[i] = values[i];
}

void Rewriter::start()
{
    last_ = met_ = rounds_ = 0;
    started_ = platform::now();
    if (!platform::start_vcpu(second, rewrite, &work)) skip("this run's domains have one vCPU");
    while (rewrites() == 0) platform::wait(100'000);
}

bool Rewriter::more(uint32_t enough)
{
    constexpr uint32_t patience = 1000;    // rounds for each one that counts
    constexpr uint64_t least = 10'000'000; // ns, in which a fast machine has many more of them
    const uint32_t now = rewrites();
    if (now != last_) met_++;
    last_ = now;
    if (met_ > enough && platform::now() - started_ > least) return false;
    return rounds_++ < enough * patience;
}

void Rewriter::stop() { platform::stop_vcpu(second); }

} // namespace argo::suite
