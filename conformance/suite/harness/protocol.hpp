// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// The console protocol: one line an event, numbered from 1 in each boot, and closed by an `end` line with the
// CRC-32 of all before it, each with its '\n'. A log without that line is truncated. Everything else is for
// people to read.
#pragma once

#include <cstdint>
#include <string_view>

#include "harness/case.hpp"
#include "harness/options.hpp"
#include "harness/text.hpp"
#include "harness/verdict.hpp"

namespace argo::suite {

class Protocol
{
  public:
    /// Go on where another incarnation of this domain stopped.
    void resume(uint32_t sequence, uint32_t crc)
    {
        sequence_ = sequence;
        crc_ = crc;
    }
    uint32_t sequence() const { return sequence_; }
    uint32_t crc() const { return crc_; }

    void environment(std::string_view pairs) { event("env ", pairs); }
    void begin(const Case& which) { event("begin ", which.id); }
    void verdict(const Case&, Verdict, std::string_view detail);
    /// `what` is kill, restart or start with a role, or policy with a name.
    void ask(std::string_view what, std::string_view role);
    void end(uint32_t cases);

    /// A line for people.
    static void say(std::string_view line);

  private:
    void event(std::string_view kind, std::string_view rest);

    uint32_t sequence_ = 0;
    uint32_t crc_ = 0;
};

} // namespace argo::suite
