/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Numbers that the assembler files and the C++ files share. */
#ifndef ARGO_GUEST_LAYOUT_H
#define ARGO_GUEST_LAYOUT_H

#define CODE_SELECTOR 0x08
#define DATA_SELECTOR 0x10

#define BOOTED_BY_MULTIBOOT 1
#define BOOTED_BY_PVH 2

#define MOST_VCPUS 4
#define STACK_SHIFT 12 /* of a vCPU that is not the first */

#endif
