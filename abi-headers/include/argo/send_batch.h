/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: Send_batch, copying many messages by one call.
 * Book: spec/send_batch.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_SEND_BATCH_H
#define ARGO_SEND_BATCH_H

#include <stdint.h>

#include "call.h"
#include "address.h"

/*
 * One message of a batch. The hypervisor reads all but the result once, and writes the result alone.
 * 48 bytes.
 */
struct argo_batch_entry
{
    struct argo_send_addr addresses;  /*  0  source and destination                        */
    uint64_t              iovs;       /* 16  address of the pieces' descriptions, argo_iov */
    uint32_t              count;      /* 24  pieces                                        */
    uint32_t              type;       /* 28  opaque, delivered with the message            */
    int64_t               result;     /* 32  out: what sendv would return                  */
    uint64_t              reserved;   /* 40  zero                                          */
};

/*
 * send_batch: Send many messages by one call, with a result for each.
 * Needs ARGO_FEATURE_BATCH.
 *
 *   arg[0]  entries  gpa<argo_batch_entry[count]>  The messages, in order. Ignored when count is zero.
 *   arg[1]  count    u64                           Entries. Zero is allowed.
 *
 * Returns: Entries answered: the first ones, at least one of those given. The others were not looked at.
 *
 * Errors, in order of precedence, after those of every operation (call.h):
 *   ARGO_EINVAL  ARGO-BATCH-101  count is greater than max_batch
 *   ARGO_EFAULT  ARGO-BATCH-102  the entries are not writable guest memory
 */
#define ARGO_OP_SEND_BATCH 0x21u

#endif
