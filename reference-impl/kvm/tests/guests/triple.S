/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An exception without anything to handle it: a triple fault. */
    .include "guest.inc"

start:
    lidt nothing
fault:
    ud2

    .data
nothing:
    .word 0
    .long 0
