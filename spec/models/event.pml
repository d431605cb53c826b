/* SPDX-License-Identifier: MIT
 *
 * The event of a message: against the tx_ptr it tells of, the halt it ends, and a vCPU that is offline when it comes.
 * Book: spec/event.rst.
 *
 * Absence has two forms. A local APIC that is switched off keeps what is pending and takes nothing more; a vCPU that is
 * offline loses even that. The host holds what it cannot deliver, and tries again from time to time.
 */
#define MESSAGES 3
#define ABSENCES 2

#define TX 0

#define LOCATIONS 1
#define THREADS 2
#define STORES (MESSAGES + 1)
#include "memory.pml"

#define HYPERVISOR 0
#define GUEST 1

bool offline, held;
byte rx;

#ifdef DROPPED_WHEN_OFFLINE
#define HOLD skip
#else
#define HOLD held = true
#endif

/* To look whether it can be delivered, and to hold it, are two steps. */
inline cause_event()
{
#ifndef RAISED_UNORDERED
    before_event(HYPERVISOR);
#endif
    if
    :: atomic { !offline -> interrupt = true }
    :: offline -> HOLD
    fi
}

active proctype hypervisor()
{
    SCRATCH;
    byte tx;
    bool wanted;

    do
    :: tx < MESSAGES ->
#ifdef EMPTY_RINGS_ONLY
        wanted = rx == tx;
#else
        wanted = true;
#endif
        tx++;
#ifdef EVENT_FIRST
        cause_event();
#endif
        store_release(HYPERVISOR, TX, tx);
#ifndef EVENT_FIRST
        if
        :: wanted -> cause_event()
        :: else
        fi
#endif
    :: else -> break
    od
}

/* Now and then. */
#ifndef DELIVERED_ON_RETURN
active proctype host()
{
end:
    do
    :: atomic { held && !offline -> held = false; interrupt = true }
    od
}
#endif

inline come_back()
{
#ifdef DELIVERED_ON_RETURN
    atomic { offline = false; interrupt = interrupt || held; held = false }
#else
    offline = false
#endif
}

active proctype guest()
{
    SCRATCH;
    byte tx, absences;

    do
    :: rx < MESSAGES ->
        load_acquire(GUEST, TX, tx);
        if
        :: tx != rx -> rx = tx
#ifdef HALT_FORGETS
        :: else -> interrupt = false; take(GUEST)
#else
        :: else -> take(GUEST)
#endif
        :: tx == rx && absences < ABSENCES -> /* switches its local APIC off and on, and waits */
            absences++;
            offline = true;
            come_back();
            take(GUEST)
        :: tx == rx && absences < ABSENCES -> /* goes offline, comes back, and looks */
            absences++;
            atomic { offline = true; interrupt = false; after_event(GUEST) };
            come_back();
#ifdef NO_LOOK_AFTER_ABSENCE
            take(GUEST)
#endif
        fi
    :: else -> break
    od
}

active proctype judge()
{
    timeout;
    assert(rx == MESSAGES) /* the guest does not sleep while a message is there */
}
