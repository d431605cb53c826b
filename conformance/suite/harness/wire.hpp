// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What the lead and an agent say to each other: one request, one answer, each one Argo message on
// ARGO_PORT_SUITE. Both ends are built from the same sources, so this needs no versions, only a mark against
// strays.
#pragma once

#include <argo/abi.h>

#include <cstddef>
#include <cstdint>

namespace argo::suite::wire {

inline constexpr uint32_t port = ARGO_PORT_SUITE;
inline constexpr uint32_t type = 0x65747573; ///< the messages' type: "sute"
inline constexpr size_t max_data = 3840;     ///< bytes behind a Request or an Answer

enum class Kind : uint32_t
{
    hello,         ///< begin: clean up, and answer with Hello
    turn,          ///< see Turn; the bytes to write follow, those read come back
    fill_pattern,  ///< gpa, size, seed, first
    find_mismatch, ///< gpa, size, seed, first
    fill_series,   ///< gpa, count, first, period
    zero,          ///< gpa, size
    events,        ///< vector
    await_event,   ///< vector, number of events so far, ns
    clean,  ///< bytes of scratch that were used; the result is `renewed` if the domain then starts anew
    fuzz,   ///< seed, steps, two domids: random calls, or, of no steps, measure_room(). Not answered, since
            ///< no ring outlives it. Then the domain is clean.
    fuzzed, ///< what came of that: FuzzAnswer
    echo,   ///< port, count, by hand: so many messages of the lead's to this port go back to the same one
    bye,    ///< end; not answered
};

inline constexpr int64_t renewed = 1;

/// Places in Request::argument for Kind::turn.
struct TurnAt
{
    static constexpr size_t write_to = 0, read_from = 1, read_size = 2, word = 3, arguments = 4;
    static constexpr uint64_t call = uint64_t{1} << 32;     ///< in `word`: make the call ...
    static constexpr uint64_t upstream = uint64_t{1} << 33; ///< ... of major 0
};

struct Request
{
    uint64_t session; ///< the lead's, chosen when it started
    uint32_t sequence;
    Kind kind;
    uint64_t argument[8];
};

struct Answer
{
    uint64_t session; ///< as in the request
    uint32_t sequence;
    uint32_t refused; ///< 1: the request was no possible one, and nothing was done
    uint64_t boot;    ///< the agent's, chosen when it started
    int64_t result;
};

/// Behind the answer to hello.
struct Hello
{
    argo_info info;
    uint64_t vcpu;
    uint64_t memory_end;
    uint64_t scratch_base;
    uint64_t scratch_size;
};

} // namespace argo::suite::wire
