/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Prints for ever: long lines, as fast as it can, with bytes that would upset a terminal. */
    .include "guest.inc"

    .set LENGTH, 4096

start:
    mov $line, %esi
    mov $LENGTH, %ecx
    mov $DEBUG_PORT, %edx
    rep outsb
    jmp start

    .data
line:
    .fill LENGTH - 1, 1, 0x1b
    .byte '\n'
