// SPDX-License-Identifier: Apache-2.0 OR MIT
// Questions about rings, and who is woken by them. Book: spec/notify.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET("notify notify notify notify notify notify sendv sendv sendv sendv register_ring receive "
                 "receive header vector memory page domain policy fault any")
