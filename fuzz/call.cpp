// SPDX-License-Identifier: Apache-2.0 OR MIT
// Operation words, frames and arguments as no guest should make them. Book: spec/call.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET(
    "any any any any any any query register_ring sendv notify vector reset memory page domain policy fault")
