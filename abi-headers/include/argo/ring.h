/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: The ring and the messages in it.
 * Book: spec/ring.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_RING_H
#define ARGO_RING_H

#include <stdint.h>

#include "address.h"

/* Constants. */
#define ARGO_SLOT            16u  /* Messages start at multiples of this.                                   */
#define ARGO_RING_MIN_LENGTH 48u  /* Smallest length of a ring.                                             */
#define ARGO_RING_OVERHEAD   32u  /* A ring of length n takes payloads of up to n minus this: a header, and */
                                  /* a slot that stays free.                                                */
#define ARGO_WISH_EACH        0u  /* The receiver wants an event for each message.                          */
#define ARGO_WISH_NONE        1u  /* It wants none: it polls.                                               */
#define ARGO_WISH_PAST        2u  /* It wants one for the message that takes the byte at its position.      */

/*
 * Header of a ring, at the start of its first page; the data follow.
 * 64 bytes. The same bytes as in Xen public/argo.h, xen_argo_ring_t.
 */
struct argo_ring
{
    uint32_t rx_ptr;        /*  0  next byte to consume; written by the receiver, with release              */
    uint32_t tx_ptr;        /*  4  next byte to fill; written by the hypervisor, with release               */
    uint32_t wish;          /*  8  ARGO_WISH_*; written by the receiver, read where SUPPRESS was registered */
    uint32_t position;      /* 12  what ARGO_WISH_PAST waits for; written by the receiver                   */
    uint32_t reserved[12];  /* 16  zero                                                                     */
#ifndef __cplusplus /* no flexible arrays there: the bytes follow the structure */
    uint8_t  data[];        /* 64  messages                                                                 */
#endif
};

/*
 * Header of a message in a ring. It never wraps; the payload may.
 * 16 bytes. The same bytes as in Xen public/argo.h, xen_argo_ring_message_header.
 */
struct argo_message
{
    uint32_t         length;  /*  0  bytes, this header included                     */
    struct argo_addr source;  /*  4  sender, its domid vouched for by the hypervisor */
    uint32_t         type;    /* 12  as given to sendv                               */
#ifndef __cplusplus /* no flexible arrays there: the bytes follow the structure */
    uint8_t          data[];  /* 16  payload                                         */
#endif
};

#endif
