// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The yardsticks: what else carries a message between two sides on this machine.
#include "paths.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace argo::bench {
namespace {

[[noreturn]] void fail(const std::string& what)
{
    throw std::runtime_error(what + ": " + std::generic_category().message(errno));
}

void need(bool done, const char* what)
{
    if (!done) fail(what);
}

} // namespace

Copies::Copies(uint32_t bytes) : from_(bytes), to_(bytes), ring_(ring_length(bytes) + page_size) {}

bool Copies::send(size_t)
{
    if (position_ + from_.size() > ring_length(static_cast<uint32_t>(from_.size()))) position_ = 0;
    std::copy(from_.begin(), from_.end(), ring_.at(position_));
    asm volatile("" ::: "memory");
    return true;
}

void Copies::receive(size_t)
{
    std::copy_n(ring_.at(position_), to_.size(), to_.begin());
    asm volatile("" ::: "memory");
    position_ += slot_bytes(static_cast<uint32_t>(to_.size()));
}

SharedRings::Way::Way(uint32_t bytes)
    : capacity(bytes <= 0x10000 ? 0x40000 : 0x400000),
      memory(page_size + capacity),
      header(*new (memory.at(0)) Header{}),
      data(memory.at(page_size)),
      from(bytes),
      to(bytes)
{
}

void SharedRings::Way::copy_in(uint64_t at, const void* bytes, size_t size)
{
    const size_t offset = at % capacity, first = std::min<size_t>(size, capacity - offset);
    std::memcpy(data + offset, bytes, first);
    std::memcpy(data, static_cast<const std::byte*>(bytes) + first, size - first);
}

void SharedRings::Way::copy_out(uint64_t at, void* bytes, size_t size) const
{
    const size_t offset = at % capacity, first = std::min<size_t>(size, capacity - offset);
    std::memcpy(bytes, data + offset, first);
    std::memcpy(static_cast<std::byte*>(bytes) + first, data, size - first);
}

SharedRings::SharedRings(uint32_t bytes)
{
    for (auto& way : ways_) way = std::make_unique<Way>(bytes);
}

bool SharedRings::send(size_t side)
{
    Way& way = *ways_[side];
    const uint64_t size = way.from.size(), head = way.header.head.load(std::memory_order_relaxed);
    const uint64_t slot = slot_bytes(static_cast<uint32_t>(size));
    if (head + slot - way.header.tail.load(std::memory_order_acquire) > way.capacity) return false;
    way.copy_in(head, &size, sizeof size);
    way.copy_in(head + ARGO_SLOT, way.from.data(), size);
    way.header.head.store(head + slot, std::memory_order_release);
    return true;
}

void SharedRings::receive(size_t side)
{
    Way& way = *ways_[1 - side];
    const uint64_t tail = way.header.tail.load(std::memory_order_relaxed);
    for (Patience patience; way.header.head.load(std::memory_order_acquire) == tail;) patience.wait();
    uint64_t size;
    way.copy_out(tail, &size, sizeof size);
    way.copy_out(tail + ARGO_SLOT, way.to.data(), size);
    way.header.tail.store(tail + slot_bytes(static_cast<uint32_t>(size)), std::memory_order_release);
}

File::~File()
{
    if (descriptor_ >= 0) close(descriptor_);
}

bool Kernel::send(size_t side) { return write(*out_[side], from_.data(), bytes_) == ssize_t{bytes_}; }

void Kernel::receive(size_t side)
{
    // A packet comes at once, also an empty one; a stream may come in pieces.
    size_t done = 0;
    do {
        const ssize_t got = read(*in_[side], to_.data() + done, bytes_ - done);
        if (got > 0) {
            done += static_cast<size_t>(got);
        } else if (got == 0 || errno != EINTR) {
            return;
        }
    } while (done < bytes_);
}

Pipes::Pipes(uint32_t bytes) : Kernel(bytes)
{
    if (bytes == 0) throw std::runtime_error("a pipe has no empty messages");
    for (size_t side = 0; side < 2; ++side) {
        int ends[2];
        need(pipe2(ends, O_CLOEXEC) == 0, "pipe");
        in_[1 - side] = File(ends[0]);
        out_[side] = File(ends[1]);
        if (bytes > 0x8000)
            need(fcntl(ends[1], F_SETPIPE_SZ, std::max(bytes, 0x40000u)) >= 0, "size of a pipe");
        need(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0, "fcntl");
    }
}

namespace {

/// Buffers of a socket count what the kernel needs beside the payload, which is about as much again.
void connect_sides(int type, uint32_t bytes, File (&in)[2], File (&out)[2])
{
    for (size_t side = 0; side < 2; ++side) {
        int ends[2];
        need(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
        out[side] = File(ends[0]);
        in[1 - side] = File(ends[1]);
        need(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0, "fcntl");
        const int room = static_cast<int>(std::max(3 * bytes, 0x40000u));
        if (setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) != 0) {
            need(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) == 0, "buffer of a socket");
        }
    }
}

} // namespace

StreamSockets::StreamSockets(uint32_t bytes) : Kernel(bytes)
{
    if (bytes == 0) throw std::runtime_error("a stream has no empty messages");
    connect_sides(SOCK_STREAM, bytes, in_, out_);
}

PacketSockets::PacketSockets(uint32_t bytes) : Kernel(bytes)
{
    if (bytes == 0) throw std::runtime_error("write() sends no empty packets");
    connect_sides(SOCK_SEQPACKET, bytes, in_, out_);
}

Queues::Queues(uint32_t bytes)
    : bytes_(bytes), from_(bytes), to_{std::vector<char>(8192), std::vector<char>(8192)}
{
    if (bytes > 8192) throw std::runtime_error("messages of a POSIX queue end at 8 KiB");
    for (size_t side = 0; side < 2; ++side) {
        const std::string name = "/argo-bench-" + std::to_string(getpid()) + "-" + std::to_string(side);
        mq_attr attributes{};
        attributes.mq_maxmsg = 1; // the kernel counts what a user's queues could hold
        attributes.mq_msgsize = std::max(long{bytes}, 1L);
        out_[side] =
            File(mq_open(name.c_str(), O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600, &attributes));
        if (*out_[side] < 0) fail("mq_open");
        in_[1 - side] = File(mq_open(name.c_str(), O_RDONLY | O_CLOEXEC));
        mq_unlink(name.c_str());
        if (*in_[1 - side] < 0) fail("mq_open");
    }
}

bool Queues::send(size_t side) { return mq_send(*out_[side], from_.data(), bytes_, 0) == 0; }

void Queues::receive(size_t side)
{
    while (mq_receive(*in_[side], to_[side].data(), to_[side].size(), nullptr) < 0 && errno == EINTR) {
    }
}

bool Futexes::send(size_t side)
{
    auto& word = words_[1 - side].value;
    word.fetch_add(1);
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    return true;
}

void Futexes::receive(size_t side)
{
    auto& word = words_[side].value;
    while (word.load() == seen_[side]) {
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen_[side], nullptr, nullptr, 0);
    }
    ++seen_[side];
}

} // namespace argo::bench
