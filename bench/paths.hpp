// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Ways for messages of one size between two sides, 0 and 1: rings of an engine, and the yardsticks.
// send(side) is false when there is no room; receive(side) waits. One thread for each side. A constructor
// throws std::runtime_error with the reason when this machine does not have such a path, or not for that
// size.
#pragma once

#include "link.hpp"

#include <argo/ring.hpp>

#include <array>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace argo::bench {

/// Spins, and gives way to the scheduler once in a while.
class Patience
{
  public:
    void wait() noexcept
    {
        if (++turns_ % 512 == 0) {
            std::this_thread::yield();
        } else {
            __builtin_ia32_pause();
        }
    }

  private:
    uint32_t turns_ = 0;
};

enum class Receiver
{
    polls,
    sleeps
};

/// Two domains with a ring each, which receive by the guest library and copy out.
template <class Candidate, Receiver receiver>
class Rings
{
  public:
    explicit Rings(uint32_t bytes)
    {
        for (size_t i = 0; i < 2; ++i) {
            const size_t memory = ring_length(bytes) + bytes + 64 * page_size;
            domains_[i] = std::make_unique<Party<Candidate>>(candidate_, domid(i), memory);
        }
        for (size_t i = 0; i < 2; ++i) sides_[i] = std::make_unique<Side>(*domains_[i], domid(1 - i), bytes);
    }

    bool send(size_t side) { return sides_[side]->outbox.send() >= 0; }

    void receive(size_t side)
    {
        Side& me = *sides_[side];
        Guest& guest = domains_[side]->guest;
        for (Patience patience; !me.take();) {
            if constexpr (receiver == Receiver::polls) {
                patience.wait();
            } else {
                const uint32_t seen = guest.events();
                if (me.reader.may_wait()) guest.wait(seen);
            }
        }
    }

    uint32_t events() const { return domains_[1]->guest.events(); }

  private:
    static uint16_t domid(size_t side) { return static_cast<uint16_t>(side + 1); }

    struct Side
    {
        Side(Party<Candidate>& self, uint16_t peer, uint32_t bytes)
            : inbox(self, 80, peer, ring_length(bytes)),
              reader(&inbox.header(), inbox.length),
              outbox(self, 0, peer, 80, bytes),
              buffer(bytes)
        {
            if constexpr (receiver == Receiver::polls) {
                reader.poll_only();
            } else {
                self.hear();
            }
        }

        bool take()
        {
            const auto message = reader.peek();
            if (!message) return false;
            reader.copy_out(buffer.data(), message->size);
            reader.consume();
            return true;
        }

        Inbox inbox;
        RingReader reader;
        Outbox<Candidate> outbox;
        std::vector<std::byte> buffer;
    };

    Host host_;
    Candidate candidate_{host_};
    std::unique_ptr<Party<Candidate>> domains_[2];
    std::unique_ptr<Side> sides_[2];
};

/// Two copies, in and out; for one thread.
class Copies
{
  public:
    explicit Copies(uint32_t bytes);
    bool send(size_t side);
    void receive(size_t side);

  private:
    std::vector<std::byte> from_, to_;
    Guest ring_;
    uint32_t position_ = 0;
};

/// Rings for one producer and one consumer in shared memory: peers that trust each other, and poll.
class SharedRings
{
  public:
    explicit SharedRings(uint32_t bytes);
    bool send(size_t side);
    void receive(size_t side);

  private:
    struct Header
    {
        alignas(64) std::atomic<uint64_t> head; // bytes ever produced
        alignas(64) std::atomic<uint64_t> tail; // bytes ever consumed
    };

    struct Way
    {
        explicit Way(uint32_t bytes);
        void copy_in(uint64_t at, const void* from, size_t size);
        void copy_out(uint64_t at, void* to, size_t size) const;

        const uint32_t capacity;
        Guest memory;
        Header& header;
        std::byte* const data;
        std::vector<std::byte> from, to;
    };

    std::unique_ptr<Way> ways_[2]; // by the side that sends
};

/// A file descriptor, or a pair of them, that lasts as long as this.
class File
{
  public:
    File() = default;
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File();
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&& other) noexcept
    {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    int operator*() const { return descriptor_; }

  private:
    int descriptor_ = -1;
};

/// What the kernel has: a file to write into for each side, and one to read from. Reading waits.
class Kernel
{
  public:
    bool send(size_t side);
    void receive(size_t side);

  protected:
    explicit Kernel(uint32_t bytes) : bytes_(bytes), from_(bytes), to_(bytes) {}
    ~Kernel() = default;

    const uint32_t bytes_;
    std::vector<std::byte> from_, to_;
    File in_[2], out_[2];
};

struct Pipes : Kernel
{
    explicit Pipes(uint32_t bytes);
};

struct StreamSockets : Kernel
{
    explicit StreamSockets(uint32_t bytes);
};

struct PacketSockets : Kernel
{
    explicit PacketSockets(uint32_t bytes);
};

class Queues
{
  public:
    explicit Queues(uint32_t bytes);
    bool send(size_t side);
    void receive(size_t side);

  private:
    const uint32_t bytes_;
    std::vector<char> from_, to_[2];
    File in_[2], out_[2];
};

/// No payload: a word for each side, and a wake-up.
class Futexes
{
  public:
    explicit Futexes(uint32_t) {}
    bool send(size_t side);
    void receive(size_t side);

  private:
    struct alignas(64) Word
    {
        std::atomic<uint32_t> value{0};
    };
    Word words_[2]; // by the side that receives
    uint32_t seen_[2] = {};
};

} // namespace argo::bench
