/* SPDX-License-Identifier: MIT
 *
 * Bindings that change while events are under way. Book: spec/vector.rst, spec/event.rst.
 *
 * Two senders, a ring for each, one binding for both. The guest makes, changes and drops it as it likes, listens to
 * the vector that it named last and to no other, and polls without one. An event that is under way when the binding
 * changes may still come by the old one: the guest does not hear it, and must not need it.
 */
#include "call.pml"

#define SENDERS 2
#define MESSAGES 2
#define CHANGES 3

#define NONE 0 /* a binding is this, or a vector: 1 or 2 */

byte tx[SENDERS], rx[SENDERS];
byte binding;
bool pending[3];

/* What the binding was after each change, for the assertion. */
byte changes;
byte was[CHANGES + 1];

inline look_up()
{
#if defined(OLD_BINDING)
    kind = (kind == NONE -> binding : kind)
#elif defined(DROP_IGNORED)
    kind = (binding != NONE || changes == 0 -> binding : was[changes - 1])
#else
    kind = binding
#endif
}

active [SENDERS] proctype sender()
{
    byte kind, since;
    bool right;

    do
    :: tx[_pid] < MESSAGES ->
        CALL
#ifdef BINDING_FIRST
        look_up();
#endif
        d_step { tx[_pid]++; since = changes };
#ifndef BINDING_FIRST
        look_up();
#endif
        d_step {
            right = false;
            do
            :: since <= changes -> right = right || was[since] == kind; since++
            :: else -> break
            od;
            assert(right); /* an event comes by a binding that was made after the message came */
            right = false;
            since = 0
        };
        if
        :: kind != NONE -> pending[kind] = true
        :: else
        fi;
        SAY(("send %d = %d\n", _pid, kind))
        DONE
#ifndef OLD_BINDING
        kind = NONE
#endif
    :: else -> break
    od
}

inline look(ring)
{
    do
    :: rx[ring] != tx[ring] ->
        rx[ring]++;
        SAY(("receive %d\n", ring))
    :: else -> break
    od
}

inline wait_for_event()
{
    atomic {
        pending[binding] -> pending[binding] = false;
        SAY(("hear %d\n", binding))
    }
}

inline change()
{
    CALL
    d_step {
        changes++;
        binding = to;
        was[changes] = to
    };
    SAY(("bind %d\n", to))
    DONE
}

active proctype guest()
{
    byte to;

    do
    :: CALL look(0); look(1) DONE;
        if
        :: rx[0] == MESSAGES && rx[1] == MESSAGES -> break
        :: else
        fi;
        if
        :: binding == NONE -> rx[0] != tx[0] || rx[1] != tx[1] /* polls */
        :: binding != NONE -> wait_for_event()
        :: changes < CHANGES ->
            if
            :: to = NONE
            :: to = 1
            :: to = 2
            fi;
            change();
#ifdef NO_LOOK_AFTER_BINDING
            if
            :: to != NONE -> wait_for_event()
            :: else
            fi;
#endif
            to = NONE
        fi
    od
}

active proctype judge()
{
    timeout;
    assert(rx[0] == MESSAGES && rx[1] == MESSAGES) /* the guest does not wait while a message is there */
}
