// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What cases about send_batch share: a batch that is put together message by message. Book:
// spec/send_batch.rst.
#pragma once

#include "sendv.hpp"

namespace argo::suite {

/// What a result reads before the call; no hypervisor returns it.
inline constexpr int64_t unanswered_entry = INT64_MIN + 1;

/// Messages of one domain, in their order.
class Batch
{
  public:
    static constexpr size_t capacity = 64;

    explicit Batch(Actor& from = lead()) : from_(from)
    {
        not_supported_unless(ARGO_FEATURE_BATCH, "feature BATCH is not offered");
    }
    Batch(const Batch&) = delete;

    /// A message of `size` bytes of a pattern in one piece, without any if there are none. What is returned
    /// may be changed.
    argo_batch_entry& add(Who to, uint32_t port, uint32_t size = 0, uint64_t seed = 0, uint32_t type = 0)
    {
        argo_iov piece{0, size, 0};
        if (size != 0) {
            const Gpa where = from_.alloc(size);
            from_.fill_pattern(where, size, seed);
            piece.base = where.value;
        }
        return add(to, port, std::span(&piece, size != 0), type);
    }
    argo_batch_entry& add(Who to, uint32_t port, std::span<const argo_iov> pieces, uint32_t type = 0)
    {
        require(count_ < capacity);
        argo_batch_entry& entry = entries_[count_++];
        entry = {{{9, Who(from_).value, 0}, {port, to.value, 0}}, 0, 0, type, unanswered_entry, 0};
        entry.count = static_cast<uint32_t>(pieces.size());
        if (!pieces.empty()) {
            const Gpa where = from_.alloc(pieces.size_bytes());
            from_.write(where, pieces.data(), pieces.size_bytes());
            entry.iovs = where.value;
        }
        return entry;
    }

    /// Send all, by as many calls as it takes: max_batch entries each, and no call without an answer. The
    /// number of calls.
    uint32_t send()
    {
        uint32_t calls = 0;
        for (size_t next = 0; next < count_; ++calls) {
            const size_t most = from_.info().max_batch, left = count_ - next;
            const std::span<argo_batch_entry> rest(entries_ + next, left < most ? left : most);
            const int64_t answered = send_batch(from_, {.entries = rest});
            require(answered > 0 && answered <= static_cast<int64_t>(rest.size()));
            next += static_cast<size_t>(answered);
        }
        return calls;
    }

    size_t size() const { return count_; }
    argo_batch_entry& operator[](size_t index) { return entries_[index]; }
    int64_t result(size_t index) const { return entries_[index].result; }
    std::span<argo_batch_entry> entries() { return {entries_, count_}; }

  private:
    Actor& from_;
    size_t count_ = 0;
    argo_batch_entry entries_[capacity];
};

/// The next message of the ring is this pattern, of this size and type; it is taken out.
inline void expect_next(Ring& ring, uint32_t size, uint64_t seed, uint32_t type)
{
    const auto message = ring.receive();
    if (!expect(message)) return;
    expect_eq(message->size(), size);
    expect_eq(message->type, type);
    expect_eq(ring.find_mismatch(*message, seed), size);
}

} // namespace argo::suite
