// SPDX-License-Identifier: Apache-2.0 OR MIT
// Many messages by one call, and one event for each binding. Book: spec/send_batch.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET(
    "send_batch send_batch send_batch send_batch send_batch send_batch register_ring register_ring sendv "
    "vector receive receive header memory page notify domain policy reset any")
