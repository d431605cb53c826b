// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What cases about sendv share: messages from the lead to itself, described by hand.
#pragma once

#include "stories.hpp"

namespace argo::suite {

/// From the lead's port 9 to a port of the lead.
inline argo_send_addr to_self(uint32_t port)
{
    const uint16_t self = Who(lead()).value;
    return {{9, self, 0}, {port, self, 0}};
}

inline SendArguments message_to(uint32_t port, std::span<const argo_iov> pieces)
{
    SendArguments with;
    with.addresses = to_self(port);
    with.pieces = pieces;
    return with;
}

/// A piece of the lead's memory with a part of a pattern.
inline argo_iov piece_of(uint64_t seed, uint32_t first, uint32_t length, size_t align = 16, size_t offset = 0)
{
    const Gpa where = lead().alloc(length, align, offset);
    lead().fill_pattern(where, length, seed, first);
    return {where.value, length, 0};
}

/// A ring of the lead for itself whose data are a pattern, so that every byte written to it shows.
inline Ring open_patterned(uint32_t port, uint32_t length, uint64_t seed)
{
    Ring ring = open_ring(lead(), port, lead(), length, binding(1));
    lead().fill_pattern(ring.at(0), length, seed);
    return ring;
}
inline void expect_untouched(const Ring& ring, uint64_t seed)
{
    expect_eq(lead().find_mismatch(ring.at(0), ring.length(), seed), ring.length());
}

} // namespace argo::suite
