// SPDX-License-Identifier: Apache-2.0 OR MIT
// The switch that mutated sources ask at each site; the compiler includes it into each of them. It is set
// once, before any of them runs. What a compiler computes is the original.
#pragma once

extern "C" int sched_yield(void) noexcept;
extern "C" unsigned argo_mutant_in_force; ///< 0: none, and everything is as in the originals

/// For mutants that have to remember something: each vCPU's own, zero at first.
inline thread_local unsigned long argo_mutant_memory = 0;

constexpr bool argo_mutant(unsigned number) noexcept
{
    return !__builtin_is_constant_evaluated() && argo_mutant_in_force == number;
}

/// For mutants that are wrong only when somebody else runs just now: lets somebody else run.
inline void argo_mutant_linger() noexcept { sched_yield(); }
