/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Two ways in, by PVH and by multiboot 1, both in 32-bit protected mode without paging; one way on, into long
 * mode with all memory below 4 GiB mapped to itself. The page tables are data: an interpreted guest has no time
 * to compute them.
 */
#include "layout.h"
#include "long_mode.inc"

/* Xen's public/elfnote.h: the 32-bit entry of a PVH guest. */
#define XEN_ELFNOTE_PHYS32_ENTRY 18

/* Multiboot 1: memory information is wanted; the address fields are valid, or 64-bit ELF would be refused. */
#define MULTIBOOT_MAGIC          0x1badb002
#define MULTIBOOT_LOADER_MAGIC   0x2badb002
#define MULTIBOOT_FLAGS          0x00010002

    .section .note.pvh, "a", @note
    .align 4
    .long 4, 4, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long pvh_entry

    .section .head, "ax"
    .align 4
multiboot_header:
    .long MULTIBOOT_MAGIC
    .long MULTIBOOT_FLAGS
    .long -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)
    .long multiboot_header
    .long image_start
    .long image_file_end
    .long image_end
    .long multiboot_entry

    .code32
multiboot_entry:
    mov     $BOOTED_BY_MULTIBOOT, %esi
    cmp     $MULTIBOOT_LOADER_MAGIC, %eax
    je      start32
    hlt

    .globl pvh_entry
pvh_entry:
    mov     $BOOTED_BY_PVH, %esi

start32:                            /* esi: how; ebx: what the loader left in memory */
    cli
    cld
    lgdt    gdt_pointer
    enable_long_mode
    ljmp    $CODE_SELECTOR, $start64

    .code64
start64:
    mov     $DATA_SELECTOR, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    xor     %eax, %eax
    mov     %eax, %fs
    mov     %eax, %gs

    mov     $bss_start, %edi        /* not every loader clears it */
    mov     $bss_end, %ecx
    sub     %edi, %ecx
    shr     $3, %ecx
    rep stosq

    mov     $stack_top, %esp
    xor     %ebp, %ebp
    mov     %esi, %edi
    mov     %ebx, %esi
    call    start                   /* does not return */
1:  cli
    hlt
    jmp     1b

    .section .data
    .align 8
    .globl gdt
gdt:
    .quad 0
    .quad 0x00af9b000000ffff        /* CODE_SELECTOR: 64-bit code */
    .quad 0x00cf93000000ffff        /* DATA_SELECTOR */
gdt_pointer:
    .word . - gdt - 1
    .long gdt

/* One entry for each 2 MiB: present, writable, large; from 3 GiB on, where devices are, uncached. */
#define TABLE  0x003
#define LARGE  0x083
#define DEVICE 0x09b

    .align 4096
    .globl pml4, pdpt
pml4:
    .quad pdpt + TABLE
    .fill 511, 8, 0
pdpt:
    .quad pd + TABLE, pd + 0x1000 + TABLE, pd + 0x2000 + TABLE, pd + 0x3000 + TABLE
    .fill 508, 8, 0
pd:
    .set address, 0
    .rept 3 * 512
    .quad address + LARGE
    .set address, address + 0x200000
    .endr
    .rept 512
    .quad address + DEVICE
    .set address, address + 0x200000
    .endr

    .section .bss
    .align 16
    .skip 64 * 1024
    .globl stack_top
stack_top:

    .section .note.GNU-stack, "", @progbits
