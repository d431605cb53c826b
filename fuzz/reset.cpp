// SPDX-License-Identifier: Apache-2.0 OR MIT
// Domains that start over while others wait at their rings. Book: spec/reset.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET("reset reset reset register_ring register_ring register_ring sendv sendv sendv sendv notify "
                 "notify vector vector receive domain policy scarce any")
