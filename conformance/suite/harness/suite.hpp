// SPDX-License-Identifier: Apache-2.0 OR MIT
//
// All that a file of cases includes. How to write a case: README.md beside this file.
// The same sources run in the bootable image, on any hypervisor, and in the model on a host; nothing here or
// in a case may name a hypervisor, the reference engine, or a fixed address.
#pragma once

#include <argo/abi.h>
#include <argo/probe.hpp>

#include "harness/actor.hpp"
#include "harness/calls.hpp"
#include "harness/case.hpp"
#include "harness/expect.hpp"
#include "harness/host.hpp"
#include "harness/pattern.hpp"
#include "harness/ring.hpp"
