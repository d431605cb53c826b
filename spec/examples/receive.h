/* SPDX-License-Identifier: MIT */
/* The book's receiver, receive.c, and what it answers. */
#ifndef RECEIVE_H
#define RECEIVE_H

#include "argo/ring.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { RING_EMPTY, RING_MESSAGE, RING_NO_ROOM, RING_GARBLED, RING_BROKEN };

/* The oldest message and its payload, of at most `room` bytes, from a ring of `length` bytes of data. */
int receive(struct argo_ring *ring, uint32_t length, struct argo_message *message, void *payload,
            uint32_t room);

#ifdef __cplusplus
}
#endif

#endif
