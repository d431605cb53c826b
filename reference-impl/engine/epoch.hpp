// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// How what was looked up without a lock stays while it is used. A call says when it began. Who removes an
// object first makes sure that nobody can look it up any more, then waits, outside of any call and without a
// lock that a call takes, until every call that had begun before is over. So calls wait for nothing.
#pragma once

#include "engine/lock.hpp"

namespace argo::engine {

/// One that may be in a call: a vCPU. Only one thread at a time enters and leaves.
class Reader
{
  public:
    Reader() noexcept = default;
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

  private:
    friend class Readers;

    // In which epoch its call began; 0: it uses none of these.
    std::atomic<uint64_t> rings_{0};
    std::atomic<uint64_t> domains_{0};
    Reader* previous_ = nullptr;
    Reader* next_ = nullptr;
};

/// What a call may use. Who uses a ring uses its owner, too.
enum class Uses : uint8_t
{
    rings,
    domains
};

/// All of them, and the epoch, which begins anew with each wait.
class Readers
{
  public:
    /// Before a call's first look-up. What it finds stays until it leaves.
    void enter(Reader& reader) noexcept
    {
        // Release: who sees that a later call has begun sees what earlier ones did.
        reader.rings_.store(epoch_.load(std::memory_order_acquire), std::memory_order_release);
        std::atomic_thread_fence(std::memory_order_seq_cst); // before the first look-up
    }

    void leave(Reader& reader) noexcept { reader.rings_.store(0, std::memory_order_release); }

    /// Leaves, but goes on to use domains: for what takes the host's time.
    void leave_for_domains(Reader& reader) noexcept
    {
        reader.domains_.store(reader.rings_.load(std::memory_order_relaxed), std::memory_order_relaxed);
        leave(reader);
    }
    void leave_domains(Reader& reader) noexcept { reader.domains_.store(0, std::memory_order_release); }

    /// Returns when no call that runs now uses these, whatever begins meanwhile. What those calls did is
    /// seen. Who waits is in no call.
    void wait(Host& host, Uses of) noexcept
    {
        const uint64_t now = epoch_.fetch_add(1, std::memory_order_acq_rel) + 1;
        std::atomic_thread_fence(std::memory_order_seq_cst); // behind the removal
        const auto wait_for = [&](const std::atomic<uint64_t>& began) {
            for (uint64_t when; (when = began.load(std::memory_order_acquire)) != 0 && when < now;)
                host.relax();
        };
        const Held held(lock_, host);
        for (const Reader* reader = first_; reader; reader = reader->next_) {
            wait_for(reader->rings_);
            if (of == Uses::domains) wait_for(reader->domains_);
        }
    }

    void add(Host& host, Reader& reader) noexcept
    {
        const Held held(lock_, host);
        reader.next_ = first_;
        if (first_) first_->previous_ = &reader;
        first_ = &reader;
    }

    /// It is in no call. `last` runs while nobody lists them.
    template <class Last>
    void remove(Host& host, Reader& reader, Last&& last) noexcept
    {
        const Held held(lock_, host);
        (reader.previous_ ? reader.previous_->next_ : first_) = reader.next_;
        if (reader.next_) reader.next_->previous_ = reader.previous_;
        last();
    }

    /// `before` and then `visit` on each of them, while none comes or goes.
    template <class Before, class Visit>
    void list(Host& host, Before&& before, Visit&& visit) noexcept
    {
        const Held held(lock_, host);
        before();
        for (const Reader* reader = first_; reader; reader = reader->next_) visit(*reader);
    }

  private:
    std::atomic<uint64_t> epoch_{1};
    FairLock lock_; // never taken in a call
    Reader* first_ = nullptr;
};

} // namespace argo::engine
