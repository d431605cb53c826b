/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The way of a second vCPU: from real mode, in a page below 1 MiB to which second.cpp copies this, to long mode at
 * once, with the page tables that are there. It is data, since it runs elsewhere and is no 64-bit code.
 */
#include "layout.h"
#include "long_mode.inc"

    .section .rodata
    .balign 16
    .globl second_code, second_code_end
    .code16
second_code:
    cli
    cld
    mov     %cs, %ax
    mov     %ax, %ds
    lgdtl   second_gdt - second_code
    enable_long_mode
    ljmpl   $CODE_SELECTOR, $second_start
second_gdt:
    .word 3 * 8 - 1
    .long gdt
second_code_end:

    .text
    .code64
second_start:
    mov     $DATA_SELECTOR, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    xor     %eax, %eax
    mov     %eax, %fs
    mov     %eax, %gs
    inc     %eax
    lock xadd %eax, second_came     /* there is work and a stack for one */
    test    %eax, %eax
    jnz     1f
    mov     $second_stack, %esp
    xor     %ebp, %ebp
    call    second_main
1:  cli
    hlt
    jmp     1b

    .section .bss
    .align 16
    .skip 4096
    .globl second_stack
second_stack:

    .section .note.GNU-stack, "", @progbits
