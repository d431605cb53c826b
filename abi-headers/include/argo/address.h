/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0: Who talks to whom. Domains, ports and their reserved values.
 * Book: spec/address.rst. Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 */
#ifndef ARGO_ADDRESS_H
#define ARGO_ADDRESS_H

#include <stdint.h>

/* Domids with a meaning. */
#define ARGO_DOMID_FIRST_RESERVED 0x7ff0u  /* No domain has this number or one above it.              */
#define ARGO_DOMID_WILDCARD       0x7ff4u  /* As partner: any sender. As source: the caller. Xen's    */
                                           /* DOMID_INVALID.                                          */
#define ARGO_DOMID_IMPLICIT       0x8000u  /* Draft: The destination that the platform's routes give. */
#define ARGO_DOMID_NEXT           0x8001u  /* Draft: The next hypervisor outward.                     */

/* Well-known ports. */
#define ARGO_PORT_DISCOVERY UINT32_C(0x41520000)  /* The service that tells a domain its devices.         */
#define ARGO_PORT_STORAGE   UINT32_C(0x41520001)  /* A domain's own storage.                              */
#define ARGO_PORT_NETWORK   UINT32_C(0x41520002)  /* A domain's own network.                              */
#define ARGO_PORT_CONSOLE   UINT32_C(0x41520003)  /* A domain's own console.                              */
#define ARGO_PORT_SUITE     UINT32_C(0x4152ff00)  /* From here to 0x4152ffff: conformance suites and test */
                                                  /* tools.                                               */

/* One end of a connection. 8 bytes. The same bytes as in Xen public/argo.h, xen_argo_addr_t. */
struct argo_addr
{
    uint32_t port;      /* 0  any value; well-known ones are ARGO_PORT_* */
    uint16_t domid;     /* 4  domain                                     */
    uint16_t reserved;  /* 6  zero                                       */
};

/* Both ends of a connection. 16 bytes. The same bytes as in Xen public/argo.h, xen_argo_send_addr_t. */
struct argo_send_addr
{
    struct argo_addr src;  /* 0  sender; ARGO_DOMID_WILDCARD stands for the caller */
    struct argo_addr dst;  /* 8  receiver                                          */
};

#endif
