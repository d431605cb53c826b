// SPDX-License-Identifier: Apache-2.0 OR MIT
// Where the answer may go, and how much of it. Book: spec/query.rst.
#include "oracle/play.hpp"

ARGO_FUZZ_TARGET("query query query query query memory page domain domain policy fault reset any")
