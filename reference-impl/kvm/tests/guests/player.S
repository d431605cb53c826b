/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Does what a script in memory says, one step after the other, and writes down what came of it. The script is written
 * by the host before the guest starts, and read by it after the guest has ended: script.hpp has the same numbers.
 *
 * A step is eight words of 64 bits: what to do, two operands, the exception that it raised (its vector plus one), four
 * results. Runs in 64-bit mode; all memory is mapped one to one, for user mode too.
 */
    .include "guest.inc"

    .set SCRIPT, 0x200000
    .set STEP, 64
    .set FIRST, 8
    .set SECOND, 16
    .set FAULT, 24
    .set RESULT, 32

    .set CODE, 0x08
    .set DATA, 0x10
    .set USER_CODE, 0x18 | 3
    .set USER_DATA, 0x20 | 3
    .set TASK, 0x28

    .set EFER, 0xc0000080
    .set APIC_BASE, 0x1b
    .set X2APIC, 10             /* a bit of it */
    .set X2_SPURIOUS, 0x80f
    .set X2_END_OF_INTERRUPT, 0x80b
    .set SPURIOUS, 0xfee000f0
    .set END_OF_INTERRUPT, 0xfee000b0
    .set VECTOR, 0x50

    .macro gate vector, handler
    mov $\handler, %eax
    mov %ax, interrupts + 16 * \vector
    movw $CODE, interrupts + 16 * \vector + 2
    movw $0x8e00, interrupts + 16 * \vector + 4
    shr $16, %eax
    mov %ax, interrupts + 16 * \vector + 6
    .endm

start:
    gate 6, invalid_opcode
    gate 13, protection
    gate 14, page_fault
    gate VECTOR, event

    movw $task_end - task - 1, descriptors + TASK
    mov $task, %eax             /* the descriptor wants its base in pieces */
    mov %ax, descriptors + TASK + 2
    shr $16, %eax
    mov %al, descriptors + TASK + 4
    mov %ah, descriptors + TASK + 7

    lgdt descriptor_pointer
    mov $0x20, %eax             /* physical address extension */
    mov %eax, %cr4
    mov $level4, %eax
    mov %eax, %cr3
    mov $EFER, %ecx
    mov $0x100, %eax            /* long mode */
    xor %edx, %edx
    wrmsr
    mov $0x80000011, %eax       /* paging, protection */
    mov %eax, %cr0
    ljmp $CODE, $long_mode

    .code64
long_mode:
    mov $DATA, %eax
    mov %eax, %ss
    mov %eax, %ds
    mov %eax, %es
    mov $TASK, %eax
    ltr %ax
    lidt interrupt_pointer
    mov $stack_end, %esp
    mov $SCRIPT - STEP, %ebx

next:
    add $STEP, %rbx
    mov (%rbx), %rax
    mov FIRST(%rbx), %rcx
    mov SECOND(%rbx), %rdx
    jmp *actions(, %rax, 8)

/* Each action finds its operands in RCX and RDX. */

shut_down:
    out %al, $EXIT_PORT

write_msr:
    mov %edx, %eax
    shr $32, %rdx
    wrmsr
    jmp next

read_msr:
    rdmsr
    mov %eax, RESULT(%rbx)
    mov %edx, RESULT + 4(%rbx)
    jmp next

store8:
    mov %dl, (%rcx)
    jmp next
store16:
    mov %dx, (%rcx)
    jmp next
store32:
    mov %edx, (%rcx)
    jmp next
store64:
    mov %rdx, (%rcx)
    jmp next
load64:
    mov (%rcx), %rax
    mov %rax, RESULT(%rbx)
    jmp next

out8:
    mov %edx, %eax
    mov %ecx, %edx
    out %al, %dx
    jmp next
out16:
    mov %edx, %eax
    mov %ecx, %edx
    out %ax, %dx
    jmp next
out32:
    mov %edx, %eax
    mov %ecx, %edx
    out %eax, %dx
    jmp next
in32:
    mov %ecx, %edx
    in %dx, %eax
    mov %rax, RESULT(%rbx)
    jmp next

read_cpuid:
    mov %rbx, %rsi
    mov %ecx, %eax
    mov %edx, %ecx
    cpuid
    mov %eax, RESULT(%rsi)
    mov %ebx, RESULT + 8(%rsi)
    mov %ecx, RESULT + 16(%rsi)
    mov %edx, RESULT + 24(%rsi)
    mov %rsi, %rbx
    jmp next

user_out32:                     /* comes back by the exception that HLT raises outside ring 0 */
    mov %edx, %eax
    mov %ecx, %edx
    push $USER_DATA
    push $stack_end
    push $2
    push $USER_CODE
    push $1f
    iretq
1:  out %eax, %dx
    hlt

apic_on:                        /* in the mode that it is in */
    mov $APIC_BASE, %ecx
    rdmsr
    bt $X2APIC, %eax
    setc x2apic
    jnc 1f
    mov $X2_SPURIOUS, %ecx
    mov $0x1ff, %eax
    xor %edx, %edx
    wrmsr
    jmp next
1:  mov $SPURIOUS, %eax
    movl $0x1ff, (%rax)
    jmp next

await:                          /* as many events as the first operand says */
    cli
    cmp %rcx, events
    jae 1f
    sti
halt:
    hlt
halted:
    jmp await
1:  mov events, %rax
    mov %rax, RESULT(%rbx)
    jmp next

/* An exception ends the step. Nothing of the interrupted code is needed any more. */

invalid_opcode:
    movq $6 + 1, FAULT(%rbx)
    jmp fault
page_fault:
    movq $14 + 1, FAULT(%rbx)
    jmp fault
protection:
    movq $13 + 1, FAULT(%rbx)
    mov 8(%rsp), %rax           /* behind the error code */
    mov %rax, RESULT(%rbx)
fault:
    mov $stack_end, %esp
    jmp next

event:
    push %rax
    cmpq $halt, 8(%rsp)         /* an emulator that forgets what STI delays gets here before HLT */
    jne 1f
    movq $halted, 8(%rsp)
1:  incq events
    cmpb $0, x2apic
    je 1f
    push %rcx
    push %rdx
    mov $X2_END_OF_INTERRUPT, %ecx
    xor %eax, %eax
    xor %edx, %edx
    wrmsr
    pop %rdx
    pop %rcx
    jmp 2f
1:  mov $END_OF_INTERRUPT, %eax
    movl $0, (%rax)
2:  pop %rax
    iretq

    .data
    .balign 4096
level4:
    .quad level3 + 7            /* present, writable, user */
    .fill 511, 8, 0
level3:
    .quad level2 + 7, level2 + 0x1007, level2 + 0x2007, level2 + 0x3007
    .fill 508, 8, 0
level2:
    .set address, 0
    .rept 2048
    .quad address + 0x87        /* and 2 MiB large */
    .set address, address + 0x200000
    .endr
interrupts:
    .fill 512, 8, 0
stack:
    .fill 512, 8, 0
stack_end:
descriptors:
    .quad 0
    .quad 0x00af9b000000ffff, 0x00cf93000000ffff
    .quad 0x00affb000000ffff, 0x00cff3000000ffff
    .quad 0x0000890000000000, 0 /* task, to be filled in */
descriptor_pointer:
    .word . - descriptors - 1
    .long descriptors
interrupt_pointer:
    .word 0xfff
    .quad interrupts
task:
    .long 0
    .quad stack_end             /* where the stack is after an exception in user mode */
    .fill 90, 1, 0
    .word io_map - task
io_map:
    .fill 8192, 1, 0            /* all I/O ports are the user's */
    .byte 0xff
task_end:
events:
    .quad 0
x2apic:
    .quad 0
actions:                        /* script.hpp names them in this order */
    .quad shut_down, write_msr, read_msr
    .quad store8, store16, store32, store64, load64
    .quad out8, out16, out32, in32
    .quad read_cpuid, user_out32, apic_on, await
