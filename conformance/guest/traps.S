/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where exceptions and interrupts arrive, and the few instructions that expect them: MSR accesses that may fault,
 * and the halt that must not miss its interrupt.
 */
#include "layout.h"
#include "registers.inc"

/* 256 stubs of 16 bytes. Each leaves a vector and an error code on the stack, zero where the CPU has none. */
    .text
    .align 16
    .globl trap_stubs
trap_stubs:
    .set vector, 0
    .rept 256
    .align 16
    .set has_error, vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21
    .if !(has_error || vector == 29 || vector == 30)
    push    $0
    .endif
    push    $vector
    jmp     trap_common
    .set vector, vector + 1
    .endr

trap_common:                        /* struct Trap in traps.cpp */
    save_registers
    mov     %rsp, %rdi
    cld
    call    trap                    /* the CPU aligned the stack; 15 + 2 + 5 words are an even number */
    restore_registers
    add     $16, %rsp
    iretq

/*
 * bool write_msr_safely(uint32_t index, uint64_t value): false if it was refused.
 * bool read_msr_safely(uint32_t index, uint64_t* value)
 */
    .macro faults_at from, to
    .pushsection fixups, "a"
    .quad \from, \to
    .popsection
    .endm

    .globl write_msr_safely
write_msr_safely:
    mov     %edi, %ecx
    mov     %esi, %eax
    mov     %rsi, %rdx
    shr     $32, %rdx
1:  wrmsr
    mov     $1, %eax
    ret
2:  xor     %eax, %eax
    ret
    faults_at 1b, 2b

    .globl read_msr_safely
read_msr_safely:
    mov     %edi, %ecx
1:  rdmsr
    shl     $32, %rdx
    or      %rdx, %rax
    mov     %rax, (%rsi)
    mov     $1, %eax
    ret
2:  xor     %eax, %eax
    ret
    faults_at 1b, 2b

/*
 * bool vmcall_safely(uint32_t instruction, Registers*): VMCALL, or VMMCALL where `instruction` is 2, with these
 * registers, and what they are afterwards. False if the processor does not know it.
 */
    .globl vmcall_safely
vmcall_safely:
    push    %rbx
    push    %rbp
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    push    %rsi
    mov     %rsi, %rax
    cmp     $2, %edi                /* the loads leave the flags alone */
    mov     8(%rax), %rbx
    mov     16(%rax), %rcx
    mov     24(%rax), %rdx
    mov     32(%rax), %rsi
    mov     40(%rax), %rdi
    mov     48(%rax), %rbp
    mov     56(%rax), %r8
    mov     64(%rax), %r9
    mov     72(%rax), %r10
    mov     80(%rax), %r11
    mov     88(%rax), %r12
    mov     96(%rax), %r13
    mov     104(%rax), %r14
    mov     112(%rax), %r15
    mov     (%rax), %rax
    je      2f
1:  vmcall
    jmp     3f
2:  vmmcall
3:  push    %rax
    mov     8(%rsp), %rax
    mov     %rbx, 8(%rax)
    mov     %rcx, 16(%rax)
    mov     %rdx, 24(%rax)
    mov     %rsi, 32(%rax)
    mov     %rdi, 40(%rax)
    mov     %rbp, 48(%rax)
    mov     %r8, 56(%rax)
    mov     %r9, 64(%rax)
    mov     %r10, 72(%rax)
    mov     %r11, 80(%rax)
    mov     %r12, 88(%rax)
    mov     %r13, 96(%rax)
    mov     %r14, 104(%rax)
    mov     %r15, 112(%rax)
    pop     %rbx
    mov     %rbx, (%rax)
    mov     $1, %eax
4:  pop     %rsi
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    ret
5:  xor     %eax, %eax
    jmp     4b
    faults_at 1b, 5b
    faults_at 2b, 5b

/*
 * void load_segments(): those of the image, for a vCPU that came here without them. No interrupt can be taken
 * before, nor returned from.
 */
    .globl load_segments
load_segments:
    lgdt    long_gdt_pointer
    pop     %rax
    push    $CODE_SELECTOR
    push    %rax
    mov     $DATA_SELECTOR, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    lretq

    .section .rodata
long_gdt_pointer:
    .word 3 * 8 - 1
    .quad gdt
    .text

/*
 * void halt_once(): enable interrupts, and halt until one comes. An interrupt may be taken right in front of the
 * halt where an emulator forgets that STI shields the next instruction; the handler then moves on behind it.
 */
    .globl halt_once, halt_instruction, halt_end
halt_once:
    sti
halt_instruction:
    hlt
halt_end:
    ret

    .section .note.GNU-stack, "", @progbits
