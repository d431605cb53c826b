/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: How a call is made. The frame, the operation word, the errors.
 * Book: spec/call.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_CALL_H
#define ARGO_CALL_H

#include <stdint.h>

/* The ABI that these headers describe. */
#define ARGO_ABI_MAJOR 1u
#define ARGO_ABI_MINOR 0u

/* The operation word: bits 0-15 operation, bits 16-23 the major that the caller speaks, bits 24-31 zero. */
#define ARGO_OPERATION_WORD(op) ((op) | (ARGO_ABI_MAJOR << 16))

/* Constants. */
#define ARGO_PAGE_SIZE   UINT64_C(4096)  /* Bytes of a page, whatever the guest's own page size. */
#define ARGO_FRAME_ALIGN   UINT64_C(64)  /* Alignment of a frame.                                */

/* Operations that have a number, but are not defined yet. */
#define ARGO_OP_DOORBELL     0x20u  /* Draft: Ring a ring's owner without a message.                  */
#define ARGO_OP_RESERVE_RING 0x22u  /* Draft: Let senders wait for a ring that is not registered yet. */
#define ARGO_OP_RESOLVE      0x23u  /* Draft: Turn an opaque 16-byte name into a domid.               */
#define ARGO_OP_ROUTE        0x25u  /* Draft: Set the implicit destinations of a domain.              */
#define ARGO_OP_FETCH        0x26u  /* Reserved: Read memory of another domain by its leave.          */
#define ARGO_OP_SEND_ASYNC   0x27u  /* Reserved: Send without waiting for the copy.                   */

/*
 * Errors. A result below zero is one of these, negated. Numbers of the ABI, never the host's errno.
 *
 * What every operation checks first, in order of precedence:
 *   ARGO_EPERM       ARGO-CALL-101  the call comes from user mode, and the mechanism lets the hypervisor see
 *                                   it
 *   ARGO_EINVAL      ARGO-CALL-102  the frame's flags or the reserved bits of the operation word are not zero
 *   ARGO_EOPNOTSUPP  ARGO-CALL-103  the hypervisor does not offer this major on this mechanism
 *   ARGO_EACCES      ARGO-CALL-104  policy does not let the caller use Argo
 *   ARGO_EOPNOTSUPP  ARGO-CALL-105  the number is not an operation, or the operation's feature is clear
 *   ARGO_ESTALE      ARGO-CALL-106  the incarnation changed since the last reset, except for query and reset
 *   ARGO_EINVAL      ARGO-CALL-107  an argument that the operation does not use is not zero
 */
#define ARGO_EPERM          1  /* Refused by rule: a forged source, a wildcard that is not offered, a call */
                               /* from user mode.                                                          */
#define ARGO_ENOENT         2  /* No such ring of the caller.                                              */
#define ARGO_ESRCH          3  /* No such domain. Major 0 only.                                            */
#define ARGO_EAGAIN        11  /* No space in the ring now; a wake-up is owed.                             */
#define ARGO_ENOMEM        12  /* The hypervisor lacks memory.                                             */
#define ARGO_EACCES        13  /* Denied by policy, or no such domain.                                     */
#define ARGO_EFAULT        14  /* An address is not memory that the hypervisor may access for the caller.  */
#define ARGO_EBUSY         16  /* No space in the ring now, and no wake-up is owed.                        */
#define ARGO_EEXIST        17  /* The ring exists.                                                         */
#define ARGO_ENODEV        19  /* Argo is not available to this domain. Major 0 only.                      */
#define ARGO_EINVAL        22  /* An argument is out of its range.                                         */
#define ARGO_ENOSPC        28  /* A limit of the caller is reached.                                        */
#define ARGO_ENOSYS        38  /* The hypervisor was built without Argo. Major 0 only.                     */
#define ARGO_EMSGSIZE      90  /* The message can never fit.                                               */
#define ARGO_EOPNOTSUPP    95  /* The operation, or the major, is not offered.                             */
#define ARGO_ECONNREFUSED 111  /* Allowed, but nobody listens.                                             */
#define ARGO_ESTALE       116  /* The incarnation changed; reset first.                                    */

/* How either language asks for an alignment. */
#ifdef __cplusplus
#define ARGO_ALIGNAS(bytes) alignas(bytes)
#else
#define ARGO_ALIGNAS(bytes) _Alignas(bytes)
#endif

/*
 * A call by the mechanisms that pass an address. The hypervisor reads it once and writes the result alone.
 * 64 bytes, aligned to 64.
 */
struct argo_frame
{
    ARGO_ALIGNAS(64) uint32_t op;  /*  0  operation word, see ARGO_OPERATION_WORD                       */
    uint32_t flags;                /*  4  zero                                                          */
    uint64_t arg[4];               /*  8  the operation's arguments; those it does not use are zero     */
    int64_t  result;               /* 40  written last: zero or more is a success, below zero a negated */
                                   /*     ARGO_E*                                                       */
    uint64_t cookie[2];            /* 48  the caller's own; neither read nor written by the hypervisor  */
};

#endif
