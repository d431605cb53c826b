// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// Major 0: of Xen, in cases of profile upstream, and under cases that were written for major 1. Its four
// operations take the same structures, so a case can be run against it, and then shows what it keeps of major
// 1 and what not. What it has no operation for leaves the case with NOT_SUPPORTED. What the harness itself
// takes from major 1, a reset after each case, is made of unregister_ring. Book: spec/annex-xen.rst.
#pragma once

#include "harness/actor.hpp"

namespace argo::suite {

class Upstream
{
  public:
    /// Xen's hypercall for Argo; zero where there is none.
    static uint32_t number();

    /// Make the call that `word` means, in this domain.
    int64_t call(uint32_t word, const uint64_t (&arguments)[4]);

    /// Unregister every ring that was registered by call(), and the harness's.
    void clean();

    /// Whether rings for any sender are allowed, tried with a page of memory that is free.
    static bool wildcard(void* page);

    /// A ring was registered again, or failed to be: of that something may stay until the domain's end.
    bool spoiled() const { return spoiled_; }

  private:
    struct Name
    {
        uint32_t port;
        uint16_t partner;
        friend bool operator==(const Name&, const Name&) = default;
    };
    static constexpr size_t most = 160; ///< more than there may be

    int64_t register_ring(const uint64_t (&arguments)[4]);
    int64_t unregister_ring(const uint64_t (&arguments)[4]);
    bool known(const Name&) const;
    bool forget(const Name&);

    Name names_[most];
    size_t count_ = 0;
    bool spoiled_ = false;
};

/// Leave the case when this operation word, of major 1, is none that major 0 can be asked for.
void require_in_upstream(uint32_t word);

} // namespace argo::suite
