/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Prints its command line on the debug console and a word on the UART, then shuts down. */
    .include "guest.inc"

    .set UART, 0x3f8
    .set COMMAND_LINE, 24       /* in the start info, to which EBX points */

start:
    mov COMMAND_LINE(%ebx), %esi
1:  lodsb
    test %al, %al
    jz 2f
    out %al, $DEBUG_PORT
    jmp 1b
2:  mov $'\n', %al
    out %al, $DEBUG_PORT

    mov $word, %esi
    mov $word_end - word, %ecx
    mov $UART, %edx
    rep outsb
    out %al, $EXIT_PORT

    .data
word:
    .ascii "hello\r\n"
word_end:
