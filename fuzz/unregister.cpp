// SPDX-License-Identifier: Apache-2.0 OR MIT
// Rings that go while somebody waits at them. Book: spec/unregister.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET("unregister_ring unregister_ring unregister_ring register_ring register_ring register_ring "
                 "sendv sendv sendv notify vector header memory domain policy fault any")
