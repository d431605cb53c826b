// SPDX-License-Identifier: Apache-2.0 OR MIT
// Rings of all lengths on pages of all kinds, and the same rings again. Book: spec/register.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET(
    "register_ring register_ring register_ring register_ring register_ring register_ring unregister_ring "
    "sendv notify vector header memory page page receive domain policy scarce fault any")
