/* SPDX-License-Identifier: MIT
 *
 * Suppression of events: the receiver's wish against the hypervisor's tx_ptr. Book: spec/suppress.rst.
 *
 * The hypervisor sends MESSAGES messages of one slot. The receiver takes what is there, polls or wishes for an event,
 * looks once more, and waits. Nobody may be left waiting while what he wished for is in the ring. Pointers and position
 * are in slots, and those in memory count from START, so that the messages go over the ring's end.
 */
#define MESSAGES 3
#define LENGTH 4
#define START 2

#define TX 0
#define WISH 1
#define POSITION 2

#define LOCATIONS 3
#define THREADS 2
#define STORES 8
#include "memory.pml"
#include "call.pml"

#define ALL 0
#define NONE 1
#define PAST 2
#define UNKNOWN 3 /* is ALL */

#define HYPERVISOR 0
#define RECEIVER 1

/* Whether tx_ptr moves past p on its way from o to n. */
#define MOVES_PAST(p, o, n) ((LENGTH + n - p - 1) % LENGTH < (LENGTH + n - o) % LENGTH)

#define IN_RING(pointer) ((START + pointer) % LENGTH)
#if defined(NO_WRAP)
#define ASKED_FOR(p, o, n) (IN_RING(o) <= IN_RING(p) && IN_RING(p) < IN_RING(n))
#elif defined(REACHES)
#define ASKED_FOR(p, o, n) ((LENGTH + n - p) % LENGTH < (LENGTH + n - o) % LENGTH)
#else
#define ASKED_FOR(p, o, n) MOVES_PAST(p, o, n)
#endif

#ifdef UNKNOWN_IS_NONE
#define ASKS(wish) (wish == ALL)
#else
#define ASKS(wish) (wish == ALL || wish == UNKNOWN)
#endif

/* What the question at the end is about. */
bool waits;
byte wish, position, rx; /* the receiver's */
byte last;               /* the tx_ptr that was published last */

inline load_wish()
{
    load(HYPERVISOR, WISH, asked);
    if
    :: asked == PAST -> load(HYPERVISOR, POSITION, past)
    :: else
    fi
}

active proctype hypervisor()
{
    SCRATCH;
    byte old, tx, asked, past;

    do
    :: tx < MESSAGES ->
        CALL
        old = tx;
        tx++;
#ifdef WISH_FIRST
        load_wish();
#endif
        atomic { store_release(HYPERVISOR, TX, tx); last = tx }
#ifndef NO_FENCE_HYPERVISOR
        fence(HYPERVISOR);
#endif
#ifndef WISH_FIRST
        load_wish();
#endif
        if
        :: ASKS(asked) || asked == PAST && ASKED_FOR(past, old, tx) ->
            raise(HYPERVISOR);
            SAY(("send = event\n"))
        :: else ->
            skip;
            SAY(("send = no event\n"))
        fi
        DONE;
        asked = 0;
        past = 0
    :: else -> break
    od
}

/* A wish: all, one that is not defined, or the first message after so many more than are consumed. */
inline choose_wish()
{
    atomic {
        position = 0;
        if
        :: wish = ALL
        :: wish = UNKNOWN
        :: wish = PAST; position = rx
        :: wish = PAST; position = (rx + 1) % LENGTH
        :: wish = PAST; position = (rx + 2) % LENGTH
        fi
    }
}

inline store_wish()
{
    if
    :: wish == PAST -> store(RECEIVER, POSITION, position)
    :: else
    fi;
    store(RECEIVER, WISH, wish)
}

#define WISHED(tx) (wish != PAST && tx != rx || wish == PAST && MOVES_PAST(position, rx, tx))

active proctype receiver()
{
    SCRATCH;
    byte tx;

    do
    :: rx < MESSAGES ->
        if
        :: CALL
            store(RECEIVER, WISH, NONE);
            SAY(("wish %d %d\n", NONE, START))
            DONE; /* and polls until a message is there */
            do
            :: tx == rx -> NEWS(RECEIVER, TX, tx) -> load_acquire(RECEIVER, TX, tx)
            :: else -> break
            od
        :: CALL
            choose_wish();
#ifdef LOOK_FIRST
            load_acquire(RECEIVER, TX, tx);
#endif
            store_wish();
            SAY(("wish %d %d\n", wish, IN_RING(position)))
#ifndef NO_FENCE_RECEIVER
            fence(RECEIVER);
#endif
#ifndef LOOK_FIRST
            load_acquire(RECEIVER, TX, tx);
#endif
            DONE;
            if
            :: WISHED(tx)
            :: else -> waits = true; take(RECEIVER); waits = false
            fi;
            load_acquire(RECEIVER, TX, tx)
        fi;
        CALL
        rx = tx; /* all of them are consumed */
        SAY(("consume %d\n", IN_RING(rx)))
        DONE
    :: else -> break
    od
}

active proctype judge()
{
    timeout;
    if
    :: waits -> assert(!WISHED(last)) /* nobody waits for what is there */
    :: else -> assert(rx == MESSAGES) /* every message was consumed */
    fi
}
