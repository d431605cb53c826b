// SPDX-License-Identifier: Apache-2.0 OR MIT
// Pointers that lie, rings that wrap, pages that are in two rings. Book: spec/ring.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET("sendv sendv sendv sendv sendv sendv register_ring register_ring receive receive receive "
                 "header header header memory notify unregister_ring domain")
