// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What cases about register_ring share: rings of the lead for itself in pages of its own.
#pragma once

#include "stories.hpp"

namespace argo::suite {

/// Zeroed pages of the lead with this header.
inline Pages pages_with(const argo_ring& header, uint32_t count = 1)
{
    const Pages pages{lead().alloc(count * ARGO_PAGE_SIZE, ARGO_PAGE_SIZE)};
    lead().store(pages.base, header);
    return pages;
}

/// A ring of the lead for itself in these pages.
inline RegisterArguments loopback(uint32_t port, uint32_t length, Pages pages, uint64_t flags = 0)
{
    return {.port = port, .partner = lead(), .length = length, .flags = flags, .pages = pages};
}

/// Whether a ring is there is what a sender says.
inline int64_t try_send(uint32_t port) { return send(lead(), 1, lead(), port, {}); }

} // namespace argo::suite
