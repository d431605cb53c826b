/* SPDX-License-Identifier: MIT
 *
 * Waiters: who waits for space, who is woken, who pays for the place. Book: spec/notify.rst, spec/sendv.rst,
 * spec/unregister.rst, spec/reset.rst.
 *
 * SENDERS domains send to the RINGS rings of one owner, which have CAPACITY slots to fill, PLACES for waiters and a
 * lock each. Pointers are for ring.pml: here a ring has `used` slots, which the owner lessens without a call. A sender
 * may ask first, and may start over with a reset; the owner may take a ring back. A domain's account counts where it
 * waits, MAX_WAITERS at most, and a reset opens another one, so that waiters of the old one are dead.
 */
#include "call.pml"

#define SENDERS 2
#define RINGS 2
#define CAPACITY 2
#define PLACES 1
#define MAX_WAITERS 1
#define MESSAGES 2

typedef Ring {
    bool there = true;
    bool locked;
    byte users, used;
    byte account[PLACES]; /* the waiter's; 0: nobody */
    byte space[PLACES];
    byte domain[PLACES]
}

Ring ring[RINGS];
byte resets[SENDERS];
byte waits[SENDERS]; /* at so many rings */
bool woken[SENDERS]; /* the event at binding 0 */
bool sleeps[SENDERS];
bool owner_event;

/* The number of a domain's account, never used twice. */
#define ACCOUNT(d) (1 + (d) + SENDERS * resets[d])

#define FITS(r, size) (size <= CAPACITY - ring[r].used)

#define LOCK(r) atomic { !ring[r].locked -> ring[r].locked = true }
#define UNLOCK(r) ring[r].locked = false

/* Each domain waits where its account says, and nowhere else. True whenever no call is within a step. */
inline check_accounts()
{
    d_step {
        d_ = 0;
        do
        :: d_ < SENDERS ->
            n_ = 0;
            r_ = 0;
            do
            :: r_ < RINGS ->
                p_ = 0;
                do
                :: p_ < PLACES -> n_ = n_ + (ring[r_].account[p_] == ACCOUNT(d_)); p_++
                :: else -> break
                od;
                r_++
            :: else -> break
            od;
            assert(n_ == waits[d_]); /* an account counts each waiter of its domain */
            assert(n_ <= MAX_WAITERS); /* no domain waits at more rings than it may */
            d_++
        :: else -> break
        od;
        d_ = 0; r_ = 0; p_ = 0; n_ = 0
    }
}
#define SCRATCH byte d_, r_, p_, n_


#define NOBODY 255

/* Whom a call has told. */
#ifdef REPLAY
byte told[SENDERS];
#define TOLD(d) told[d]++
#define FORGET d_step { told[0] = 0; told[1] = 0 };
#else
#define TOLD(d) skip
#define FORGET
#endif

mtype = { ACCEPTED, EAGAIN, EBUSY, ABSENT }; /* what a call answers */

/* Only a domain that has this account still hears of it. */
#ifdef THE_DEAD_HEAR
#define ALIVE(r, p) true
#else
#define ALIVE(r, p) (ring[r].account[p] == ACCOUNT(ring[r].domain[p]))
#endif

#define CLEAR(r, p) ring[r].account[p] = 0; ring[r].space[p] = 0; ring[r].domain[p] = 0

/* Finds the ring, which stays until it is let go of. */
inline enter(r)
{
    answer = 0;
    if
    :: atomic { ring[r].there -> ring[r].users++ }; LOCK(r)
    :: else -> answer = ABSENT
    fi
}

inline leave(r)
{
    atomic { check_accounts(); UNLOCK(r); ring[r].users-- }
}

/* Merges with the waiter that is there, or takes a free place, or that of a dead one. */
inline wait_for_space(r, size)
{
    d_step {
        answer = EBUSY;
        p_ = 0;
        do
        :: p_ < PLACES ->
            if
            :: ring[r].account[p_] == ACCOUNT(_pid) ->
                ring[r].space[p_] = (size > ring[r].space[p_] -> size : ring[r].space[p_]);
                answer = EAGAIN
            :: else
            fi;
            p_++
        :: else -> break
        od;
        p_ = 0;
        do
        :: answer == EBUSY && waits[_pid] < MAX_WAITERS && p_ < PLACES ->
            if
            :: ring[r].account[p_] == 0 || !ALIVE(r, p_) ->
                ring[r].account[p_] = ACCOUNT(_pid);
                ring[r].space[p_] = size;
                ring[r].domain[p_] = _pid;
                waits[_pid]++;
                answer = EAGAIN
            :: else
            fi;
            p_++
        :: else -> break
        od;
        p_ = 0
    }
}

inline stop_waiting(r)
{
    d_step {
        p_ = 0;
        do
        :: p_ < PLACES ->
            if
            :: ring[r].account[p_] == ACCOUNT(_pid) ->
                CLEAR(r, p_);
#ifndef PLACE_STAYS_CHARGED
                waits[_pid]--
#endif
            :: else
            fi;
            p_++
        :: else -> break
        od;
        p_ = 0
    }
}

inline send(r, size)
{
    CALL
    enter(r);
    if
    :: answer == ABSENT
    :: else ->
        if
        :: FITS(r, size) ->
            ring[r].used = ring[r].used + size;
            answer = ACCEPTED
        :: else ->
#ifdef WAITER_LATE
            UNLOCK(r);
            LOCK(r);
#endif
            wait_for_space(r, size)
        fi;
        leave(r);
        if
        :: answer == ACCEPTED -> owner_event = true
        :: else
        fi
    fi;
    SAY(("send %d %d %d = %e\n", _pid, r, size, answer))
    DONE
}

inline ask(r, size)
{
    CALL
    enter(r);
    if
    :: answer == ABSENT
    :: else ->
        if
        :: FITS(r, size) -> answer = ACCEPTED; stop_waiting(r)
        :: else ->
#ifdef RX_TWICE
            if
            :: FITS(r, size) -> answer = EAGAIN
            :: else -> wait_for_space(r, size)
            fi
#else
            wait_for_space(r, size)
#endif
        fi;
        leave(r)
    fi;
    SAY(("ask %d %d %d = %e\n", _pid, r, size, answer))
    DONE
}

/* Another account without waiters; the events of before are not heard any more. */
inline reset()
{
    atomic {
#ifndef OLD_ACCOUNT
        resets[_pid]++;
#endif
        waits[_pid] = 0;
        woken[_pid] = false;
        check_accounts();
        SAY(("reset %d\n", _pid))
    }
}

active [SENDERS] proctype sender()
{
    SCRATCH;
    byte number, r, size, answer;
    bool asked;

    do
    :: number < MESSAGES - _pid ->
        atomic {
            if
            :: r = 0
            :: r = 1
            fi;
            if
            :: size = 1
            :: size = 2
            fi
        };
        do
        :: if
            :: send(r, size); asked = false
            :: _pid == 0 -> ask(r, size); asked = true
            fi;
            atomic {
            if
            :: answer == ABSENT || answer == ACCEPTED && !asked -> break
            :: answer == ACCEPTED && asked
            :: answer == EBUSY -> /* asks in its own time, and so when there is something to find */
                FITS(r, size) || !ring[r].there || waits[_pid] < MAX_WAITERS && ring[r].account[0] == 0
            :: answer == EAGAIN ->
                sleeps[_pid] = true;
                if
                :: woken[_pid] -> woken[_pid] = false
                :: _pid == 0 && resets[0] == 0 -> reset()
                fi;
                sleeps[_pid] = false
            fi
            };
            answer = 0
        od;
        number++
    :: else -> break
    od
}

/* Tells whose space is there, or all. */
inline wake(r, all)
{
    place = 0;
    do
    :: place < PLACES ->
        LOCK(r);
        d_step {
            if
#ifdef WAKES_FOR_NOTHING
            :: ring[r].account[place] != 0 ->
#else
            :: ring[r].account[place] != 0 && (all || FITS(r, ring[r].space[place])) ->
#endif
                assert(all || FITS(r, ring[r].space[place])); /* who is woken finds space */
                if
                :: ALIVE(r, place) -> target = ring[r].domain[place]; waits[target]--
                :: else
                fi;
                CLEAR(r, place)
            :: else
            fi
        };
        atomic { check_accounts(); UNLOCK(r) };
        if
        :: target != NOBODY -> woken[target] = true; TOLD(target); target = NOBODY
        :: else
        fi;
        place++
    :: else -> break
    od;
    place = 0
}

inline notify()
{
    CALL
    wake(0, false);
#ifndef ONE_RING
    wake(1, false);
#endif
    SAY(("notify = %d %d\n", told[0], told[1]))
    FORGET
    DONE
}

inline unregister(r)
{
    CALL
    ring[r].there = false;
#ifdef WAKE_BEFORE_LAST_USER
    wake(r, true);
    ring[r].users == 0;
#else
    ring[r].users == 0;
#ifndef NO_WAKE_AT_THE_END
    wake(r, true);
#endif
#endif
    d_step {
        do
        :: place < PLACES ->
            assert(ring[r].account[place] == 0 || !ALIVE(r, place)); /* nobody waits at a ring that is gone */
            CLEAR(r, place);
            place++
        :: else -> break
        od;
        place = 0;
        ring[r].used = 0
    };
    SAY(("unregister %d = %d %d\n", r, told[0], told[1]))
    FORGET
    DONE
}

inline consume(r)
{
    atomic {
        ring[r].used--;
        consumed = true;
        SAY(("consume %d\n", r))
    }
}

active proctype owner()
{
    SCRATCH;
    byte place, target = NOBODY, removed;
    bool consumed;

    do
    :: ring[0].there && ring[0].used != 0 -> consume(0)
    :: ring[1].there && ring[1].used != 0 -> consume(1)
#ifndef NO_NOTIFY
    :: consumed -> consumed = false; notify()
    :: !consumed && ring[0].used == 0 && ring[1].used == 0 -> atomic { owner_event -> owner_event = false }
#else
    :: ring[0].used == 0 && ring[1].used == 0 -> atomic { owner_event -> owner_event = false }
#endif
    :: !removed -> removed = true; unregister(1)
    od
}

active proctype judge()
{
    timeout;
    assert(!sleeps[0] && !sleeps[1]) /* nobody waits for space that is there, or at a ring that is gone */
}
