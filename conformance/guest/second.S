/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The way of a second vCPU: from real mode, in a page below 1 MiB to which second.cpp copies this, to long mode at
 * once, with the page tables that are there. It is data, since it runs elsewhere and is no 64-bit code.
 */
#include "layout.h"

#define CR4_PAE   0x20
#define MSR_EFER  0xc0000080
#define EFER_LME  0x100
#define CR0_PG_PE 0x80000001

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
    mov     $CR4_PAE, %eax
    mov     %eax, %cr4
    mov     $pml4, %eax
    mov     %eax, %cr3
    mov     $MSR_EFER, %ecx
    mov     $EFER_LME, %eax
    xor     %edx, %edx
    wrmsr
    mov     $CR0_PG_PE, %eax
    mov     %eax, %cr0
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
second_stack:

    .section .note.GNU-stack, "", @progbits
