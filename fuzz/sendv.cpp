// SPDX-License-Identifier: Apache-2.0 OR MIT
// Messages of all shapes into rings that fill, empty and lie. Book: spec/sendv.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET("sendv sendv sendv sendv sendv sendv sendv sendv register_ring register_ring vector receive "
                 "receive header memory page notify domain policy fault scarce any")
