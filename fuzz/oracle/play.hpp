// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// An input as a program: steps of several domains and their vCPUs, played on the engine and on the model.
// After each step results, events, counters and every byte of every domain's memory have to be the same.
//
// Calls are made from the registry's tables: an operation that is new there is called from then on, with
// arguments of its types. A name that values.cpp knows gets values that are likely to matter.
#pragma once

#include "oracle/input.hpp"
#include "oracle/world.hpp"

namespace argo::fuzz {

/// Plays an input. `mix` names what may happen, in words with a blank between, each as often as it is to be
/// drawn. Operations by their names, and
///   any        any operation, offered or not; raw operation words
///   receive    an owner reads messages, or gives them all up
///   header     an owner scribbles on a ring's header
///   memory     a guest scribbles anywhere
///   page       a page goes, comes back, or can only be read
///   domain     a domain ends, begins, or is restored without its state
///   policy     another policy
///   scarce     the next step has little memory for the engine's own state
///   fault      the pages of the caller go away while the next call runs
void play(const char* mix, Input);

} // namespace argo::fuzz

/// Defines the fuzz target of a file.
#define ARGO_FUZZ_TARGET(mix)                                                                                \
    extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)                                  \
    {                                                                                                        \
        argo::fuzz::play(mix, {data, size});                                                                 \
        return 0;                                                                                            \
    }
