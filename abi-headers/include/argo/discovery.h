/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: Finding a hypervisor that speaks Argo, and the mechanisms that reach it.
 * Book: spec/discovery.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_DISCOVERY_H
#define ARGO_DISCOVERY_H

#include <stdint.h>

/* CPUID, x86. Where a block of leaves can be: from the first place to the last, step by step. */
#define ARGO_CPUID_FIRST UINT32_C(0x40000000)
#define ARGO_CPUID_STEP  UINT32_C(0x100)
#define ARGO_CPUID_LAST  UINT32_C(0x4000ff00)

/* What the first leaf of the block holds: "ArgoArgoArgo". */
#define ARGO_CPUID_SIGNATURE_EBX UINT32_C(0x6f677241)
#define ARGO_CPUID_SIGNATURE_ECX UINT32_C(0x6f677241)
#define ARGO_CPUID_SIGNATURE_EDX UINT32_C(0x6f677241)

/*
 * Leaves, counted from the block's place:
 *   BASE        EAX last leaf of the block; EBX ECX EDX signature
 *   REVISION    EAX lowest major, highest major << 8, minor << 16; EBX implementation; ECX its version; EDX
 *               zero
 *   MECHANISMS  subleaf n: n-th mechanism in the hypervisor's order of preference; EAX ID, revision << 16,
 *               zero ends the list; EBX ECX EDX parameters
 */
#define ARGO_CPUID_LEAF_BASE       0u
#define ARGO_CPUID_LEAF_REVISION   1u
#define ARGO_CPUID_LEAF_MECHANISMS 2u

/*
 * Mechanisms, and what EBX, ECX and EDX of their entry in the list hold.
 *
 *   MSR     (x86, revision 1) WRMSR of the frame's address.
 *             EBX  index  the MSR
 *
 *   MMIO    (revision 1) A 64-bit store of the frame's address, or a 32-bit store of address >> 6, to a
 *           doorbell.
 *             EBX  address_low   doorbell's address, low half; a multiple of 8
 *             ECX  address_high  high half
 *
 *   PIO     (x86, revision 1) 32-bit OUT of the frame's address >> 6.
 *             EBX  port  the I/O port
 *
 *   VMCALL  (x86, revision 1) A hypercall instruction: RAX number, RDI operation word, RSI RDX R10 R8
 *           arguments, result in RAX. 64-bit mode only.
 *             EBX  number       value of RAX
 *             ECX  instruction  1: VMCALL, 2: VMMCALL
 *
 *   CPUID   (x86, revision 1) Draft: CPUID of a leaf: RDI operation word, RSI RDX R10 R8 arguments, result in
 *           RAX.
 *             EBX  leaf  value of EAX
 *
 *   XEN     (revision 1) Draft: The Xen hypercall argo_op. Addresses are linear, not guest-physical.
 *             EBX  number  hypercall number
 *             ECX  msr     MSR that places the hypercall page; zero: none
 *
 *   SMCCC   (arm, revision 1) Draft: HVC or SMC: X0 function ID, X1 operation word, X2 to X5 arguments,
 *           result in X0.
 *             EBX  function     function ID
 *             ECX  instruction  1: HVC, 2: SMC
 */
#define ARGO_MECHANISM_MSR    1u
#define ARGO_MECHANISM_MMIO   2u
#define ARGO_MECHANISM_PIO    3u
#define ARGO_MECHANISM_VMCALL 4u
#define ARGO_MECHANISM_CPUID  5u
#define ARGO_MECHANISM_XEN    6u
#define ARGO_MECHANISM_SMCCC  7u

/* Implementations. */
#define ARGO_IMPLEMENTATION_MODEL        0x0001u  /* The reference engine in one process.                   */
#define ARGO_IMPLEMENTATION_KVM          0x0002u  /* The reference engine behind /dev/kvm.                  */
#define ARGO_IMPLEMENTATION_XEN          0x0003u  /* The Xen hypervisor.                                    */
#define ARGO_IMPLEMENTATION_EXPERIMENTAL 0x8000u  /* From here to 0xffff: for experiments, never allocated. */

#endif
