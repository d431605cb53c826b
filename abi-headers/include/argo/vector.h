/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: Vector, how a domain wants to hear of events.
 * Book: spec/vector.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_VECTOR_H
#define ARGO_VECTOR_H

#include <stdint.h>

#include "call.h"

/* Kinds of binding. */
#define ARGO_BINDING_NONE   0u  /* Drop the binding. Target and value are zero.                           */
#define ARGO_BINDING_LAPIC  1u  /* x86: an edge interrupt. Target: x2APIC ID of a vCPU. Value: vector, 32 */
                                /* to 255.                                                                */
#define ARGO_BINDING_MSI    2u  /* x86: an MSI message. Target: its address. Value: its data.             */
#define ARGO_BINDING_EVTCHN 3u  /* Draft: A Xen event channel. Target: vCPU. Value: port.                 */
#define ARGO_BINDING_INTID  4u  /* Draft: Arm: an interrupt of those the platform lists. Target: MPIDR    */
                                /* affinity. Value: interrupt ID.                                         */

/*
 * vector: Make, change or drop a binding of events to an interrupt.
 * Needs ARGO_FEATURE_VECTOR.
 *
 *   arg[0]  index   u64  Which binding, below max_bindings.
 *   arg[1]  kind    u64  ARGO_BINDING_*.
 *   arg[2]  target  u64  What the kind needs.
 *   arg[3]  value   u64  What the kind needs.
 *
 * Returns: Zero.
 *
 * Errors, in order of precedence, after those of every operation (call.h):
 *   ARGO_EINVAL  ARGO-VECTOR-101  the index is not below max_bindings
 *   ARGO_EINVAL  ARGO-VECTOR-102  the kind is unknown or not offered
 *   ARGO_EINVAL  ARGO-VECTOR-103  target or value is out of the kind's range or names no vCPU
 *   ARGO_EACCES  ARGO-VECTOR-104  policy denies the binding
 */
#define ARGO_OP_VECTOR 0x24u

#endif
