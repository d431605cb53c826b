/* SPDX-License-Identifier: MIT */
/*
 * Argo ABI 1.0, all of it: one header an area, in the order of the book's chapters.
 * Generated from spec/registry/argo.yaml by tools/generate.py; do not edit.
 *
 *   discovery.h   Finding a hypervisor that speaks Argo, and the mechanisms that reach it.
 *   call.h        How a call is made. The frame, the operation word, the errors.
 *   address.h     Who talks to whom. Domains, ports and their reserved values.
 *   query.h       Query, what this domain is, and what it may use.
 *   register.h    Register_ring, offering memory to senders.
 *   unregister.h  Unregister_ring, taking it back.
 *   sendv.h       Sendv, copying a message into a ring.
 *   notify.h      Notify, saying that space was made and asking for space.
 *   ring.h        The ring and the messages in it.
 *   send_batch.h  Send_batch, copying many messages by one call.
 *   vector.h      Vector, how a domain wants to hear of events.
 *   reset.h       Reset, starting over.
 *
 * Freestanding: C11 or C++20 and <stdint.h>. Numbers are little-endian. Structures have no padding.
 * C++ has no flexible arrays: what they hold in C begins there right behind the structure.
 */
#ifndef ARGO_ABI_H
#define ARGO_ABI_H

#include "discovery.h"
#include "call.h"
#include "address.h"
#include "query.h"
#include "register.h"
#include "unregister.h"
#include "sendv.h"
#include "notify.h"
#include "ring.h"
#include "send_batch.h"
#include "vector.h"
#include "reset.h"

#endif
