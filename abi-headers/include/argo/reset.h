/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: Reset, starting over.
 * Book: spec/reset.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_RESET_H
#define ARGO_RESET_H

#include <stdint.h>

#include "call.h"

/*
 * reset: Drop every ring, waiter and binding of the caller, and accept the present incarnation.
 *
 * No arguments.
 *
 * Returns: Zero.
 *
 * Errors: those of every operation (call.h), and no others.
 */
#define ARGO_OP_RESET 0x28u

#endif
