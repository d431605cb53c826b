/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: Register_ring, offering memory to senders.
 * Book: spec/register.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_REGISTER_H
#define ARGO_REGISTER_H

#include <stdint.h>

#include "call.h"

/* Flags of register_ring. 64 bits. */
#define ARGO_REGISTER_FAIL_EXIST    UINT64_C(0x1)         /* Fail when the ring exists, rather than replace */
                                                          /* its pages.                                     */
#define ARGO_REGISTER_SUPPRESS      UINT64_C(0x2)         /* The receiver says in the ring's header which   */
                                                          /* messages it wants events for. Needs            */
                                                          /* ARGO_FEATURE_SUPPRESS.                         */
#define ARGO_REGISTER_BINDING_SHIFT 16u                   /* The binding that hears of this ring's          */
                                                          /* messages. Needs ARGO_FEATURE_VECTOR.           */
#define ARGO_REGISTER_BINDING_MASK  UINT64_C(0xffff0000)  /* The same, in place.                            */

/* Which ring to register. 12 bytes. The same bytes as in Xen public/argo.h, xen_argo_register_ring_t. */
struct argo_register
{
    uint32_t port;      /* 0  the ring's port                                         */
    uint16_t partner;   /* 4  the one domain that may send, or ARGO_DOMID_WILDCARD    */
    uint16_t reserved;  /* 6  zero                                                    */
    uint32_t length;    /* 8  bytes of data, header excluded; a multiple of ARGO_SLOT */
};

/*
 * register_ring: Offer a ring to one partner or to any sender.
 *
 *   arg[0]  ring    gpa<argo_register>  Port, partner and length.
 *   arg[1]  frames  gpa<u64[count]>     Frame numbers of the ring's pages, in order.
 *   arg[2]  count   u64                 Pages: header and data, rounded up.
 *   arg[3]  flags   u64                 ARGO_REGISTER_*.
 *
 * Returns: Zero.
 *
 * Errors, in order of precedence, after those of every operation (call.h):
 *   ARGO_EINVAL  ARGO-REGISTER-101  count is beyond what max_ring_length needs
 *   ARGO_EINVAL  ARGO-REGISTER-102  a flag is unknown or its feature clear, or the binding is not below
 *                                   max_bindings
 *   ARGO_EFAULT  ARGO-REGISTER-103  the structure or the frame list is not guest memory
 *   ARGO_EINVAL  ARGO-REGISTER-104  a reserved field is not zero
 *   ARGO_EINVAL  ARGO-REGISTER-105  the length is below ARGO_RING_MIN_LENGTH, above max_ring_length or no
 *                                   multiple of ARGO_SLOT
 *   ARGO_EINVAL  ARGO-REGISTER-106  count is not the number of pages that header and data take
 *   ARGO_EPERM   ARGO-REGISTER-107  the partner is the wildcard, and feature WILDCARD is clear
 *   ARGO_EACCES  ARGO-REGISTER-108  policy denies the registration, or the partner is no domain
 *   ARGO_EEXIST  ARGO-REGISTER-109  the ring exists, and FAIL_EXIST is set or the length differs
 *   ARGO_ENOSPC  ARGO-REGISTER-110  max_rings or max_pages would be exceeded
 *   ARGO_EFAULT  ARGO-REGISTER-111  a frame is not writable memory of the caller
 *   ARGO_ENOMEM  ARGO-REGISTER-112  the hypervisor lacks memory
 */
#define ARGO_OP_REGISTER_RING 0x01u

#endif
