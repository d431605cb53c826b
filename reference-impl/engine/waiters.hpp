// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Who waits for space in a ring, and at how many rings one domain waits.
// Book: spec/sendv.rst (ARGO-SENDV-032), spec/notify.rst, spec/lifecycle.rst.
//
// A waiter names the account that its domain had when it was queued. A domain that is reset, restored or
// recycled has another account, so that its old waiters are dead wherever they are, and nobody has to go and
// look for them. A ring drops the dead when it meets them: at a wake-up, or when it needs their place.
#pragma once

#include "engine/lock.hpp"

namespace argo::engine {

/// One waiter at a ring. Guarded by the ring's lock.
struct Waiter
{
    uint64_t account; ///< 0: nobody waits here.
    uint32_t space;   ///< The largest payload asked for.
    uint16_t domid;   ///< Who asked.
};

/// At how many rings a domain waits.
class WaitAccount
{
  public:
    explicit WaitAccount(uint64_t number) noexcept : number_(number) {}

    uint64_t number() const noexcept { return number_.load(std::memory_order_relaxed); }

    /// Counts one waiter more and returns the account's number; 0 when there are `limit` already.
    uint64_t charge(Host& host, uint32_t limit) noexcept
    {
        const Held held(lock_, host);
        if (waiters_ >= limit) return 0;
        ++waiters_;
        return number();
    }

    /// Counts one waiter less. False if it was charged to an earlier account: the waiter is dead.
    bool settle(Host& host, uint64_t number) noexcept
    {
        const Held held(lock_, host);
        if (number != this->number()) return false;
        --waiters_;
        return true;
    }

    /// Opens a new account without waiters. Those of the old one are dead from here on.
    void renew(Host& host, uint64_t number) noexcept
    {
        const Held held(lock_, host);
        number_.store(number, std::memory_order_relaxed);
        waiters_ = 0;
    }

  private:
    Lock lock_; // a leaf
    std::atomic<uint64_t> number_;
    uint32_t waiters_ = 0;
};

} // namespace argo::engine
