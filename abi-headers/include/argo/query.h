/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: Query, what this domain is, and what it may use.
 * Book: spec/query.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_QUERY_H
#define ARGO_QUERY_H

#include <stdint.h>

#include "call.h"

/* Constants. */
#define ARGO_INFO_MIN_SIZE 16u  /* Smallest size that query accepts. */

/* Features: bits of argo_info.features. */
#define ARGO_FEATURE_WILDCARD    UINT64_C(0x001)  /* Rings for any sender may be registered.                */
#define ARGO_FEATURE_VECTOR      UINT64_C(0x002)  /* Operation vector, and bindings at registration.        */
#define ARGO_FEATURE_SUPPRESS    UINT64_C(0x004)  /* Receivers may suppress events of messages.             */
#define ARGO_FEATURE_LIST        UINT64_C(0x008)  /* Draft: Pieces of a message may be lists of frames.     */
#define ARGO_FEATURE_CHAIN       UINT64_C(0x010)  /* Draft: Arrays longer than a page may be chained pages. */
#define ARGO_FEATURE_DOORBELL    UINT64_C(0x020)  /* Draft: Operation doorbell.                             */
#define ARGO_FEATURE_BATCH       UINT64_C(0x040)  /* Operation send_batch.                                  */
#define ARGO_FEATURE_RESERVE     UINT64_C(0x080)  /* Draft: Operation reserve_ring.                         */
#define ARGO_FEATURE_RESOLVE     UINT64_C(0x100)  /* Draft: Operation resolve.                              */
#define ARGO_FEATURE_ROUTE       UINT64_C(0x200)  /* Draft: Operation route, and implicit destinations.     */
#define ARGO_FEATURE_PORT_POLICY UINT64_C(0x400)  /* Draft: A source port must be one that the sender       */
                                                  /* registered.                                            */

/* The least that an implementation may tell as its limits in argo_info. */
#define ARGO_MIN_MAX_RINGS           16u  /* rings of one domain                                    */
#define ARGO_MIN_MAX_RING_LENGTH  65472u  /* bytes of data in one ring                              */
#define ARGO_MIN_MAX_MESSAGE      65440u  /* bytes of payload in one message: max_ring_length minus */
                                          /* ARGO_RING_OVERHEAD at most                             */
#define ARGO_MIN_MAX_IOV             64u  /* pieces of one message                                  */
#define ARGO_MIN_MAX_NOTIFY          64u  /* entries of one notify                                  */
#define ARGO_MIN_MAX_RING_WAITERS     8u  /* domains that wait at one ring                          */
#define ARGO_MIN_MAX_WAITERS         16u  /* rings at which one domain waits                        */
#define ARGO_MIN_MAX_PAGES          256u  /* pages in all rings of one domain                       */
#define ARGO_MIN_MAX_BINDINGS         0u  /* bindings of one domain; needs ARGO_FEATURE_VECTOR      */
#define ARGO_MIN_MAX_DOORBELLS        0u  /* Draft: doorbells pending for one domain; needs         */
                                          /* ARGO_FEATURE_DOORBELL                                  */
#define ARGO_MIN_MAX_BATCH           32u  /* messages of one batch; needs ARGO_FEATURE_BATCH        */

/*
 * What query answers. Later minors append fields; the first ARGO_INFO_MIN_SIZE bytes never change.
 * 96 bytes.
 */
struct argo_info
{
    uint64_t nonce;                   /*  0  the caller's nonce                                            */
    uint16_t major;                   /*  8  ARGO_ABI_MAJOR of the hypervisor                              */
    uint16_t minor;                   /* 10  ARGO_ABI_MINOR of the hypervisor                              */
    uint16_t domid;                   /* 12  the caller's own domid                                        */
    uint16_t reserved;                /* 14  zero                                                          */
    uint32_t implementation;          /* 16  ARGO_IMPLEMENTATION_*                                         */
    uint32_t implementation_version;  /* 20  the implementation's own count, never decreasing              */
    uint64_t incarnation;             /* 24  changes when state was lost, as by a restore                  */
    uint64_t features;                /* 32  bits ARGO_FEATURE_*                                           */
    uint32_t max_rings;               /* 40  rings of one domain                                           */
    uint32_t max_ring_length;         /* 44  bytes of data in one ring, header excluded                    */
    uint32_t max_message;             /* 48  bytes of payload in one message                               */
    uint32_t max_iov;                 /* 52  pieces of one message                                         */
    uint32_t max_notify;              /* 56  entries of one notify                                         */
    uint32_t max_ring_waiters;        /* 60  domains that wait at one ring                                 */
    uint32_t max_waiters;             /* 64  rings at which one domain waits                               */
    uint32_t max_pages;               /* 68  pages in all rings of one domain, each counted as often as it */
                                      /*     is used                                                       */
    uint32_t max_bindings;            /* 72  bindings of one domain; zero without VECTOR                   */
    uint32_t max_doorbells;           /* 76  doorbells pending for one domain; zero without DOORBELL       */
    uint32_t max_batch;               /* 80  messages of one batch; zero without BATCH                     */
    uint32_t reserved2[3];            /* 84  zero                                                          */
};

/*
 * query: Tell the caller what it is and what it may use.
 *
 *   arg[0]  info   gpa<argo_info>  Where the answer goes.
 *   arg[1]  size   u64             Bytes available there. The smaller of this and the hypervisor's own size
 *                                  is written.
 *   arg[2]  nonce  u64             Any value. Comes back in the answer, which proves that it is one.
 *
 * Returns: The hypervisor's own size of argo_info, in bytes.
 *
 * Errors, in order of precedence, after those of every operation (call.h):
 *   ARGO_EINVAL  ARGO-QUERY-101  size is below ARGO_INFO_MIN_SIZE
 *   ARGO_EFAULT  ARGO-QUERY-102  the bytes to write are not guest memory
 */
#define ARGO_OP_QUERY 0x00u

#endif
