// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// A second vCPU of the lead that lies: it writes to words of the lead's memory, again and again, while the
// first vCPU makes the calls that read them. What a case may expect is what holds whichever value a call has
// read: each word is one of its values, and all that a call does fits to one value.
#pragma once

#include <concepts>

#include "harness/actor.hpp"

namespace argo::suite {

class Rewriter
{
  public:
    Rewriter();
    ~Rewriter() { stop(); }
    Rewriter(const Rewriter&) = delete;

    /// Two to four values for a word of the lead's memory, aligned to its size. Whatever is made of bytes of
    /// several is one of them, too: memory may be read byte by byte.
    template <std::unsigned_integral Word, std::same_as<Word>... More>
    requires(sizeof...(More) > 0 && sizeof...(More) < 4) void add(Gpa where, Word first, More... others)
    {
        const uint64_t values[] = {first, others...};
        add(where, sizeof(Word), values);
    }
    /// Returns when each word was written once. Leaves the case with SKIP where domains have one vCPU.
    void start();
    /// For a loop: whether there have not been enough rounds yet during which the words were rewritten. A
    /// bound for each loop, since a second vCPU may get no time.
    bool more(uint32_t enough);
    /// The words keep the value that they have. The harness does it after each case.
    void stop();

  private:
    uint32_t last_ = 0; ///< number of rewrites when more() was asked last
    uint32_t met_ = 0;  ///< rounds in which there was one
    uint32_t rounds_ = 0;
    uint64_t started_ = 0;

    void add(Gpa where, size_t size, std::span<const uint64_t> values);
};

} // namespace argo::suite
