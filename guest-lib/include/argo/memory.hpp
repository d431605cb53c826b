// SPDX-License-Identifier: MIT
//
// Access to memory that somebody else writes at the same time: each word is loaded exactly once, and the two
// pointers of a ring are ordered against the bytes that they speak of. Book: chapters ring and suppress.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace argo {

/// Loads a word once. The compiler may not load it again later, so what was checked is what is used.
inline uint32_t load_once(const uint32_t* word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }

/// As load_once, before all later loads: for a tx_ptr, whose messages are read after it.
inline uint32_t load_acquire(const uint32_t* word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

/// Stores after all earlier loads and stores: for an rx_ptr, which gives the bytes before it away.
inline void store_release(uint32_t* word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

/// Stores a word at once, in no order with others.
inline void store_once(uint32_t* word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }

/// Orders all earlier stores before all later loads, which release and acquire do not.
inline void full_fence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

/// Makes the compiler assume that memory has changed, or is looked at: the doorbell's other side.
inline void compiler_fence() { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

/// memcpy, which a compiler expects of every environment, freestanding or not (as memset, memmove, memcmp).
inline void copy(void* to, const void* from, size_t size)
{
    if (size != 0) __builtin_memcpy(to, from, size);
}

} // namespace argo
