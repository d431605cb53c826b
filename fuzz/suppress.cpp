// SPDX-License-Identifier: Apache-2.0 OR MIT
// Wishes and positions, and the messages that pass them. Book: spec/suppress.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET(
    "header header header header header sendv sendv sendv sendv sendv receive receive register_ring "
    "register_ring vector notify memory")
