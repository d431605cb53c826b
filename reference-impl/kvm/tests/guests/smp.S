/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Starts a second vCPU, which prints its APIC ID as a digit, and then shuts down; with SPIN, it runs for ever. */
    .include "guest.inc"

    .set ICR_HIGH, 0xfee00310
    .set ICR_LOW, 0xfee00300
    .set SPURIOUS, 0xfee000f0
    .set SECOND, 1 << 24
    .set INIT, 0x4500
    .set STARTUP, 0x4608        /* at page 8, where guest.ld puts .low */

start:
    movl $0x1ff, SPURIOUS       /* switches the local APIC on */
    movl $SECOND, ICR_HIGH
    movl $INIT, ICR_LOW
    movl $SECOND, ICR_HIGH
    movl $STARTUP, ICR_LOW
1:  hlt
    jmp 1b

    .section .low, "awx"
    .code16
second:
    mov $1, %eax
    cpuid
    shr $24, %ebx               /* APIC ID */
    mov %bl, %al
    add $'0', %al
    out %al, $DEBUG_PORT
    mov $'\n', %al
    out %al, $DEBUG_PORT
#ifdef SPIN
1:  jmp 1b
#else
    out %al, $EXIT_PORT
#endif
