/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The way of another vCPU: from real mode, in a page below 1 MiB to which vcpus.cpp copies this, to long mode at
 * once, with the page tables that are there. It is data, since it runs elsewhere and is no 64-bit code.
 */
#include "layout.h"
#include "long_mode.inc"

    .section .rodata
    .balign 16
    .globl vcpu_code, vcpu_code_end
    .code16
vcpu_code:
    cli
    cld
    mov     %cs, %ax
    mov     %ax, %ds
    lgdtl   vcpu_gdt - vcpu_code
    enable_long_mode
    ljmpl   $CODE_SELECTOR, $vcpu_start
vcpu_gdt:
    .word 3 * 8 - 1
    .long gdt
vcpu_code_end:

    .text
    .code64
vcpu_start:
    mov     $DATA_SELECTOR, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    xor     %eax, %eax
    mov     %eax, %fs
    mov     %eax, %gs
    mov     vcpu_called, %edi       /* they are started one by one */
    mov     %edi, %esp
    shl     $STACK_SHIFT, %esp
    add     $vcpu_stacks, %esp
    xor     %ebp, %ebp
    call    vcpu_main
1:  cli
    hlt
    jmp     1b

    .section .bss
    .align 16
    .globl vcpu_stacks
vcpu_stacks:
    .skip (MOST_VCPUS - 1) << STACK_SHIFT

    .section .note.GNU-stack, "", @progbits
