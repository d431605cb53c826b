// SPDX-License-Identifier: Apache-2.0 OR MIT
// Bindings of all kinds, and the events that come by them. Book: spec/vector.rst, spec/event.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET("vector vector vector vector vector sendv sendv sendv notify register_ring register_ring "
                 "receive receive domain policy reset any")
