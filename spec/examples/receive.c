/* SPDX-License-Identifier: MIT */
/*
 * Reading a ring, as the book shows it: the next message comes out, and its space goes back to the senders.
 * Whatever is in the ring, this stays inside of it and ends. The engine's test book_test.cpp runs it.
 */
#include "receive.h"

#include <string.h>

/* begin */
int receive(struct argo_ring *ring, uint32_t length,
            struct argo_message *message, void *payload, uint32_t room)
{
    const uint32_t tx = __atomic_load_n(&ring->tx_ptr, __ATOMIC_ACQUIRE);
    const uint32_t rx = __atomic_load_n(&ring->rx_ptr, __ATOMIC_RELAXED);
    if (tx >= length || tx % ARGO_SLOT != 0) return RING_BROKEN;
    if (tx == rx) return RING_EMPTY;

    int answer = RING_GARBLED;
    uint32_t next = tx; /* where to go on if nothing here makes sense */
    if (rx < length && rx % ARGO_SLOT == 0) {
        const uint32_t unread = tx > rx ? tx - rx : length - rx + tx;
        memcpy(message, ring->data + rx, sizeof *message); /* never wraps */
        if (message->length >= sizeof *message && message->length <= unread) {
            const uint32_t size = message->length - (uint32_t)sizeof *message;
            if (size > room) return RING_NO_ROOM; /* the message stays */

            const uint32_t at = (rx + ARGO_SLOT) % length;
            const uint32_t first = size < length - at ? size : length - at;
            memcpy(payload, ring->data + at, first);
            memcpy((uint8_t *)payload + first, ring->data, size - first);

            const uint32_t slots = (message->length + ARGO_SLOT - 1) / ARGO_SLOT;
            next = (rx + slots * ARGO_SLOT) % length;
            answer = RING_MESSAGE;
        }
    }
    __atomic_store_n(&ring->rx_ptr, next, __ATOMIC_RELEASE);
    return answer; /* before it waits, the receiver calls notify */
}
/* end */
