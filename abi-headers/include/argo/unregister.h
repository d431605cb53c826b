/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: Unregister_ring, taking it back.
 * Book: spec/unregister.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_UNREGISTER_H
#define ARGO_UNREGISTER_H

#include <stdint.h>

#include "call.h"

/* Which ring to take back. 8 bytes. The same bytes as in Xen public/argo.h, xen_argo_unregister_ring_t. */
struct argo_unregister
{
    uint32_t port;      /* 0  as registered */
    uint16_t partner;   /* 4  as registered */
    uint16_t reserved;  /* 6  zero          */
};

/*
 * unregister_ring: Take a ring back.
 *
 *   arg[0]  ring  gpa<argo_unregister>  Port and partner, as registered.
 *
 * Returns: Zero.
 *
 * Errors, in order of precedence, after those of every operation (call.h):
 *   ARGO_EFAULT  ARGO-UNREGISTER-101  the structure is not guest memory
 *   ARGO_EINVAL  ARGO-UNREGISTER-102  a reserved field is not zero
 *   ARGO_ENOENT  ARGO-UNREGISTER-103  the caller has no ring of this port and partner
 */
#define ARGO_OP_UNREGISTER_RING 0x02u

#endif
