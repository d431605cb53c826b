// SPDX-License-Identifier: Apache-2.0 OR MIT
// Domains that begin, end and lose their state. Book: spec/lifecycle.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET("domain domain domain domain scarce register_ring register_ring register_ring register_ring "
                 "sendv sendv sendv sendv notify notify vector vector reset query receive policy any")
