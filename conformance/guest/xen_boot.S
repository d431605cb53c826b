/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The way in under Xen as a PV guest, in 64-bit mode, on page tables that Xen or the toolstack has made; where its
 * exceptions and events arrive; and the hypercall page, which PVH guests use, too.
 * Xen's public/elfnote.h, public/arch-x86/xen.h, public/arch-x86/xen-x86_64.h.
 */
#include "layout.h"
#include "registers.inc"

#define XEN_ELFNOTE_ENTRY              1
#define XEN_ELFNOTE_HYPERCALL_PAGE     2
#define XEN_ELFNOTE_VIRT_BASE          3
#define XEN_ELFNOTE_PADDR_OFFSET       4
#define XEN_ELFNOTE_XEN_VERSION        5
#define XEN_ELFNOTE_GUEST_OS           6
#define XEN_ELFNOTE_LOADER             8
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17

/* Bits of the features: the page tables are writable through Xen; it can be domain 0. */
#define FEATURES 0x801

#define HYPERCALL_IRET 23

    .macro note type, value:vararg
    .align 4
    .long   4, 2f - 1f, \type
    .asciz  "Xen"
1:  \value
2:
    .endm

    .section .note.xen, "a", @note
    note XEN_ELFNOTE_GUEST_OS, .asciz "argo-guest"
    note XEN_ELFNOTE_LOADER, .asciz "generic"
    note XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
    note XEN_ELFNOTE_VIRT_BASE, .quad 0
    note XEN_ELFNOTE_PADDR_OFFSET, .quad 0
    note XEN_ELFNOTE_ENTRY, .quad xen_pv_entry
    note XEN_ELFNOTE_HYPERCALL_PAGE, .quad xen_hypercall_page
    note XEN_ELFNOTE_SUPPORTED_FEATURES, .quad FEATURES
    .align 4

    .text
    .globl xen_pv_entry
xen_pv_entry:                       /* rsi: struct start_info */
    cld
    mov     $bss_start, %edi        /* the stage leaves that to the image */
    mov     $bss_end, %ecx
    sub     %edi, %ecx
    shr     $3, %ecx
    xor     %eax, %eax
    rep stosq
    mov     $stack_top, %rsp
    xor     %ebp, %ebp
    mov     %rsi, %rdi
    call    start_xen_pv            /* does not return */
    ud2

/*
 * Exceptions, as in traps.S. Xen leaves RCX and R11 on top of what a CPU leaves, and wants IRET as a hypercall,
 * which finds the frame on the stack, flags on top.
 */
    .align 16
    .globl xen_pv_trap_stubs
xen_pv_trap_stubs:
    .set vector, 0
    .rept 32
    .align 16
    pop     %rcx
    pop     %r11
    .set has_error, vector == 8 || (vector >= 10 && vector <= 14) || vector == 17
    .if !has_error
    push    $0
    .endif
    push    $vector
    jmp     pv_trap_common
    .set vector, vector + 1
    .endr

pv_trap_common:
    save_registers
    mov     %rsp, %rdi
    cld
    call    trap
    restore_registers
    add     $16, %rsp
pv_return:
    push    $0
    jmp     xen_hypercall_page + HYPERCALL_IRET * 32

    .globl xen_pv_event
xen_pv_event:
    pop     %rcx
    pop     %r11
    save_registers
    mov     %rsp, %rbp
    and     $-16, %rsp
    cld
    call    xen_event
    mov     %rbp, %rsp
    restore_registers
    jmp     pv_return

    .globl xen_pv_failsafe
xen_pv_failsafe:
    ud2

/* Filled in by Xen: call number n is at n * 32. */
    .section .text.xen_hypercall_page, "ax"
    .align 4096
    .globl xen_hypercall_page
xen_hypercall_page:
    .fill 4096, 1, 0xf4

    .section .note.GNU-stack, "", @progbits
