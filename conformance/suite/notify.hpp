// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// What cases about notify share: questions, and what their answers are.
#pragma once

#include "frames.hpp"

namespace argo::suite {

/// A question whose answer fields hold what no answer is.
inline argo_notify_entry about(Who domid, uint32_t port, uint32_t space)
{
    return {{port, domid.value, 0}, 0xffff, 0, space, 0xffffffff};
}
inline argo_notify_entry about(uint32_t port, uint32_t space) { return about(lead(), port, space); }

inline int64_t ask_all(Actor& actor, std::span<argo_notify_entry> entries)
{
    NotifyArguments with;
    with.entries = entries;
    return notify(actor, with);
}

/// The answer to one question; the case is left when the call fails.
inline argo_notify_entry answer(Actor& actor, argo_notify_entry question)
{
    require_eq(ask_all(actor, {&question, 1}), 0);
    return question;
}

inline constexpr uint16_t there = ARGO_NOTIFY_EXISTS;
inline constexpr uint16_t roomy = ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_SUFFICIENT;
inline constexpr uint16_t fresh = ARGO_NOTIFY_EXISTS | ARGO_NOTIFY_EMPTY | ARGO_NOTIFY_SUFFICIENT;

} // namespace argo::suite
