// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// How concurrent calls keep out of each other's way where they write: spinlocks.
//
// There is no lock that all calls take, and none to look up a domain or a ring (epoch.hpp). A message takes
// one lock, its ring's, and holds it while a short message is copied, but not while a long one is, unless the
// host may take the payload away meanwhile.
//
// - The list of readers, which has a fair lock. Held while waiting for calls to end, and by nobody in a call.
// - A domain's `registration` serialises what changes its set of rings. Held while frames are looked up.
// - A ring's `lock` guards its space, pages, binding and waiters.
// - Leaves: a slot of the table of domains, a domain's account of waits, its bindings. Held for an instant.
//
// They are taken in this order. No two of one kind, and no two leaves, are held together. No lock is held
// while Host::raise, Host::allows, Host::offers or Host::has_vcpu runs. With a ring's lock a call may wait
// until messages that have their place in it are copied; who copies waits for earlier messages only.
#pragma once

#include "engine/host.hpp"

#include <atomic>

namespace argo::engine {

/// A spinlock. Not fair: where there are more vCPUs than processors, the next in a queue may not be running.
class Lock
{
  public:
    void acquire(Host& host) noexcept
    {
        if (held_.exchange(true, std::memory_order_acquire)) [[unlikely]]
            wait(host);
    }

    void release() noexcept { held_.store(false, std::memory_order_release); }

  private:
    [[gnu::noinline, gnu::cold]] void wait(Host& host) noexcept
    {
        do {
            while (held_.load(std::memory_order_relaxed)) host.relax();
        } while (held_.exchange(true, std::memory_order_acquire));
    }

    std::atomic<bool> held_{false};
};

/// A lock that is taken in the order in which it is asked for: for waits that may be long.
class FairLock
{
  public:
    void acquire(Host& host) noexcept
    {
        const uint32_t turn = next_.fetch_add(1, std::memory_order_relaxed);
        while (now_.load(std::memory_order_acquire) != turn) host.relax();
    }

    void release() noexcept
    {
        now_.store(now_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

  private:
    std::atomic<uint32_t> next_{0}, now_{0};
};

/// Holds a lock as long as it lives.
template <class Kind = Lock>
class [[nodiscard]] Held
{
  public:
    Held(Kind& lock, Host& host) noexcept : lock_(lock) { lock_.acquire(host); }
    ~Held() { lock_.release(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

  private:
    Kind& lock_;
};

} // namespace argo::engine
