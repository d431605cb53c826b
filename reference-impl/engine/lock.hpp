// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// How concurrent calls keep out of each other's way: spinlocks, and counts of the calls that use an object.
//
// There is no lock that all calls take. A message takes locks of its destination only, and no long ones:
//
// - A domain's `registration` serialises what changes its set of rings. Held while frames are looked up.
// - A domain's table of rings has a lock. Held for one look-up.
// - A ring's `lock` guards its tx_ptr, pages, binding and waiters. Held while a message is copied.
// - Leaves: a slot of the table of domains, a domain's account of waits, its bindings. Held for an instant.
//
// They are taken in this order. No two of one kind, and no two leaves, are held together. No lock is held
// while Host::raise, Host::allows, Host::offers or Host::has_vcpu runs.
//
// Who looks an object up is one of its users until done. Who removes an object first makes sure that nobody
// can look it up any more, then waits, without a lock, until it has no users. Users of a domain may wait for
// the users of a ring; users of a ring wait for locks alone. So every such wait ends.
#pragma once

#include "engine/host.hpp"

#include <atomic>
#include <utility>

namespace argo::engine {

/// A spinlock. Not fair: where there are more vCPUs than processors, the next in a queue may not be running.
class Lock
{
  public:
    void acquire(Host& host) noexcept
    {
        while (held_.exchange(true, std::memory_order_acquire)) {
            while (held_.load(std::memory_order_relaxed)) host.relax();
        }
    }

    void release() noexcept { held_.store(false, std::memory_order_release); }

  private:
    std::atomic<bool> held_{false};
};

/// Holds a lock as long as it lives.
class [[nodiscard]] Held
{
  public:
    Held(Lock& lock, Host& host) noexcept : lock_(lock) { lock_.acquire(host); }
    ~Held() { lock_.release(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

  private:
    Lock& lock_;
};

/// The number of calls that use an object.
class Users
{
  public:
    /// Under the lock that the look-up took, so that a removal either is seen or waits.
    void enter() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }

    void leave() noexcept { count_.fetch_sub(1, std::memory_order_release); }

    /// After the object was made impossible to look up. What its users did is seen when this returns.
    void wait_until_none(Host& host) noexcept
    {
        while (count_.load(std::memory_order_acquire) != 0) host.relax();
    }

  private:
    std::atomic<uint32_t> count_{0};
};

/// One use of an object that has a member `users`; or nothing.
template <class Object>
class [[nodiscard]] Reference
{
  public:
    Reference() noexcept = default;
    explicit Reference(Object* object) noexcept : object_(object)
    {
        if (object_) object_->users.enter();
    }
    Reference(Reference&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Reference& operator=(Reference&& other) noexcept
    {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Reference() { reset(); }

    void reset() noexcept
    {
        if (Object* object = std::exchange(object_, nullptr)) object->users.leave();
    }

    explicit operator bool() const noexcept { return object_ != nullptr; }
    Object& operator*() const noexcept { return *object_; }
    Object* operator->() const noexcept { return object_; }

  private:
    Object* object_ = nullptr;
};

} // namespace argo::engine
