/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: Sendv, copying a message into a ring.
 * Book: spec/sendv.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_SENDV_H
#define ARGO_SENDV_H

#include <stdint.h>

#include "call.h"
#include "address.h"

/* Flags of a piece. 32 bits. */
#define ARGO_IOV_LIST         0x1u                  /* Draft: The base is a list of frame numbers. Needs   */
                                                    /* ARGO_FEATURE_LIST.                                  */
#define ARGO_IOV_OFFSET_SHIFT 20u                   /* Draft: Offset into the first frame of a list. Needs */
                                                    /* ARGO_FEATURE_LIST.                                  */
#define ARGO_IOV_OFFSET_MASK  UINT32_C(0xfff00000)  /* The same, in place.                                 */

/* One piece of a message. 16 bytes. The same bytes as in Xen public/argo.h, xen_argo_iov_t, 64-bit form. */
struct argo_iov
{
    uint64_t base;    /*  0  guest-physical address; not looked at when length is zero */
    uint32_t length;  /*  8  bytes                                                     */
    uint32_t flags;   /* 12  ARGO_IOV_*                                                */
};

/*
 * sendv: Copy a message made of up to max_iov pieces into the ring that the destination address selects.
 *
 *   arg[0]  addresses  gpa<argo_send_addr>   Source and destination.
 *   arg[1]  iovs       gpa<argo_iov[count]>  The pieces, in order. Ignored when count is zero.
 *   arg[2]  count      u64                   Pieces. Zero is allowed.
 *   arg[3]  type       u64                   32 bits, opaque to the hypervisor, delivered with the message.
 *
 * Returns: Payload bytes copied, header excluded. Zero is a success.
 *
 * Errors, in order of precedence, after those of every operation (call.h):
 *   ARGO_EINVAL        ARGO-SENDV-101  count is greater than max_iov, or type does not fit 32 bits
 *   ARGO_EFAULT        ARGO-SENDV-102  the addresses or the pieces' descriptions are not guest memory
 *   ARGO_EINVAL        ARGO-SENDV-103  a reserved field is not zero, or a flag is unknown or its feature
 *                                      clear
 *   ARGO_EMSGSIZE      ARGO-SENDV-104  the pieces together exceed max_message
 *   ARGO_EFAULT        ARGO-SENDV-105  a piece that is not empty is not guest memory
 *   ARGO_EPERM         ARGO-SENDV-106  the source domain is neither the caller nor ARGO_DOMID_WILDCARD
 *   ARGO_EACCES        ARGO-SENDV-107  policy denies the send, or the destination is no domain
 *   ARGO_ECONNREFUSED  ARGO-SENDV-108  no ring matches
 *   ARGO_EMSGSIZE      ARGO-SENDV-109  the message can never fit into the ring
 *   ARGO_EBUSY         ARGO-SENDV-110  the ring lacks space now, and the ring or the caller has its full
 *                                      number of waiters
 *   ARGO_EAGAIN        ARGO-SENDV-111  the ring lacks space now; a wake-up is owed
 */
#define ARGO_OP_SENDV 0x03u

#endif
