/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Runs for ever and needs nobody. */
    .include "guest.inc"

start:
    jmp start
