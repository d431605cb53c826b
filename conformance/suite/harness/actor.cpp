// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What all actors have in common: the shape of a call, and memory. The allocator of a remote domain's memory
// is here, too, since nobody but the lead uses that memory: allocating costs no exchange.
#include "harness/actor.hpp"

#include "harness/expect.hpp"
#include "harness/session.hpp"

namespace argo::suite {

int64_t Actor::call_word(uint32_t word, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
    Turn turn;
    turn.call = true;
    turn.word = word;
    turn.arguments[0] = a0;
    turn.arguments[1] = a1;
    turn.arguments[2] = a2;
    turn.arguments[3] = a3;
    return perform(turn);
}

void Actor::write(Gpa to, const void* data, size_t size)
{
    Turn turn;
    turn.write_to = to;
    turn.write = {data, size};
    perform(turn);
}

void Actor::read(Gpa from, void* data, size_t size)
{
    Turn turn;
    turn.read_from = from;
    turn.read = {static_cast<uint8_t*>(data), size};
    perform(turn);
}

Gpa Actor::take(size_t bytes, size_t align, size_t offset)
{
    const uint64_t free = base_ + top_;
    const uint64_t start = ((free - offset + align - 1) & ~uint64_t{align - 1}) + offset;
    if (bytes > size_ || start - base_ > size_ - bytes) {
        Text reason;
        reason << "the case wants " << bytes << " bytes more of " << role_ << ", and " << size_ - top_
               << " are left";
        error(reason.view());
    }
    top_ = start - base_ + bytes;
    if (top_ > dirty_) dirty_ = top_;
    return Gpa{start};
}

Gpa Actor::alloc(size_t bytes, size_t align, size_t offset)
{
    const size_t dirty = dirty_;
    const Gpa start = take(bytes, align, offset);
    const size_t from = start.value - base_;
    if (from < dirty) zero(start, dirty - from < bytes ? dirty - from : bytes);
    return start;
}

size_t Actor::free_pages() const
{
    const uint64_t page = ARGO_PAGE_SIZE;
    const uint64_t from = (base_ + top_ + page - 1) / page, to = (base_ + size_) / page;
    return from < to ? to - from : 0;
}

Actor& lead() { return session->self; }

namespace {

Actor& other(RemoteActor& actor, const char* role)
{
    if (actor.appointed()) return actor.ready();
    Text reason;
    reason << "this run has no domain '" << role << "'";
    skip(reason.view());
}

} // namespace

Actor& peer() { return other(session->peer, "peer"); }
Actor& third() { return other(session->third, "third"); }

size_t crowd_size() { return session->options.crowd_size(); }

Actor& crowd(size_t index)
{
    if (index < crowd_size()) return other(session->crowd[index], "crowd");
    Text reason;
    reason << "the case needs " << index + 1 << " domains in the crowd, this run has " << crowd_size();
    skip(reason.view());
}

uint64_t random()
{
    // splitmix64
    uint64_t value = session->progress.random += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

uint64_t random_below(uint64_t bound) { return random() % bound; }

} // namespace argo::suite
