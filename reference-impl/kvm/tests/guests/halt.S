/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Waits for ever, for nothing. */
    .include "guest.inc"

start:
    cli
1:  hlt
    jmp 1b
