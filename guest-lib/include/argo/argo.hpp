// SPDX-License-Identifier: MIT
//
// The Argo guest library, all of it: header-only C++20 for kernels, unikernels and firmware.
//
// Needs a compiler (GCC 12, clang 14 or later) with <stdint.h> and <stddef.h>, and of the environment the
// four functions that compilers call by themselves: memcpy, memmove, memset, memcmp. No standard library, no
// allocation, no exceptions, no RTTI, no floating point.
//
// You write a Machine (machine.hpp), probe() makes a Hypervisor of it, and an Endpoint is a port with a ring.
// examples/minimal-driver shows all three.
#pragma once

#include <argo/abi.h>

#include <argo/endpoint.hpp>
#include <argo/error.hpp>
#include <argo/hypervisor.hpp>
#include <argo/machine.hpp>
#include <argo/mechanism.hpp>
#include <argo/memory.hpp>
#include <argo/probe.hpp>
#include <argo/result.hpp>
#include <argo/ring.hpp>
#include <argo/types.hpp>

#if defined(__x86_64__) || defined(__i386__)
#include <argo/x86.hpp>
#endif
