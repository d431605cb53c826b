/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: Notify, saying that space was made and asking for space.
 * Book: spec/notify.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_NOTIFY_H
#define ARGO_NOTIFY_H

#include <stdint.h>

#include "call.h"
#include "address.h"

/* What notify says of a ring. No flag at all means that there is no such ring for the caller. 16 bits. */
#define ARGO_NOTIFY_EXISTS     0x1u   /* The caller may send there and a ring matches.   */
#define ARGO_NOTIFY_SHARED     0x2u   /* The ring is a wildcard ring.                    */
#define ARGO_NOTIFY_EMPTY      0x4u   /* Nothing is in it.                               */
#define ARGO_NOTIFY_SUFFICIENT 0x8u   /* The space asked for is there.                   */
#define ARGO_NOTIFY_EMSGSIZE   0x10u  /* The space asked for can never be there.         */
#define ARGO_NOTIFY_EBUSY      0x20u  /* The space is not there, and no wake-up is owed. */

/*
 * A question about one ring, and its answer.
 * 20 bytes. The same bytes as in Xen public/argo.h, xen_argo_ring_data_ent_t.
 */
struct argo_notify_entry
{
    struct argo_addr ring;            /*  0  in: the ring asked about, as a destination        */
    uint16_t         flags;           /*  8  out: ARGO_NOTIFY_*                                */
    uint16_t         reserved;        /* 10  zero                                              */
    uint32_t         space_required;  /* 12  in: payload bytes that the caller wants to send   */
    uint32_t         max_message;     /* 16  out: largest payload that this ring can ever take */
};

/* The questions of one notify. 8 bytes. The same bytes as in Xen public/argo.h, xen_argo_ring_data_t. */
struct argo_notify
{
    uint32_t                 count;      /* 0  entries           */
    uint32_t                 reserved;   /* 4  zero              */
#ifndef __cplusplus /* no flexible arrays there: the bytes follow the structure */
    struct argo_notify_entry entries[];  /* 8  one for each ring */
#endif
};

/*
 * notify: Wake the senders that wait for space in the caller's rings, then answer for each ring that is asked
 * about.
 *
 *   arg[0]  entries  gpa<argo_notify>  The questions, answered in place. Zero: none.
 *
 * Returns: Zero.
 *
 * Errors, in order of precedence, after those of every operation (call.h):
 *   ARGO_EFAULT  ARGO-NOTIFY-101  the count cannot be read
 *   ARGO_EINVAL  ARGO-NOTIFY-102  there are more entries than max_notify, or a reserved field beside the
 *                                 count is not zero
 *   ARGO_EFAULT  ARGO-NOTIFY-103  the entries are not guest memory
 */
#define ARGO_OP_NOTIFY 0x04u

#endif
