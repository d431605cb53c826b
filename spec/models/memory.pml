/* SPDX-License-Identifier: MIT
 *
 * Memory that two threads share, and an interrupt between them. Book: spec/checking.rst.
 *
 * The weak one is C++'s release and acquire as a machine. A location keeps all its stores, a thread the newest store
 * of each location that it cannot get behind any more: its view. A load finds any store from the view on. A release
 * sends the view along, an acquire takes it over, and a full fence exchanges it with all fences before.
 * With -DTSO it is x86's: a thread's stores wait in a queue, of which it knows and the other does not. With -DREPLAY
 * there is nothing between a thread and memory.
 *
 * The file that includes this defines LOCATIONS, STORES (to one location, the first content included), THREADS, and
 * declares SCRATCH in each process. A thread is the processor of one: `who`. Each location starts as zero.
 */

#define SCRATCH byte t_, u_

bool interrupt; /* pending, so it ends a wait that begins later, too */

#if defined(REPLAY)

byte memory[LOCATIONS];

inline store(who, location, what) { memory[location] = what }
inline store_release(who, location, what) { memory[location] = what }
inline load(who, location, into) { into = memory[location] }
inline load_acquire(who, location, into) { into = memory[location] }
inline fence(who) { skip }
inline before_event(who) { skip }
inline after_event(who) { skip }

#define NEWS(who, location, found) (memory[location] != found)

#elif !defined(TSO)

typedef View { byte at[LOCATIONS] }
typedef Store { byte value; byte view[LOCATIONS] }
typedef Location { Store stored[STORES]; byte newest }

Location memory[LOCATIONS];
View view[THREADS];
View fenced;
View interrupted;

#define JOIN(mine, theirs) \
    u_ = 0; \
    do \
    :: u_ < LOCATIONS -> if :: theirs[u_] > mine[u_] -> mine[u_] = theirs[u_] :: else fi; u_++ \
    :: else -> break \
    od; \
    u_ = 0

/* What no thread can find any more is all alike. THREADS is two. */
#define FORGET(location) \
    t_ = 0; \
    do \
    :: t_ < view[0].at[location] && t_ < view[1].at[location] -> \
        memory[location].stored[t_].value = 0; \
        u_ = 0; \
        do \
        :: u_ < LOCATIONS -> memory[location].stored[t_].view[u_] = 0; u_++ \
        :: else -> break \
        od; \
        t_++ \
    :: else -> break \
    od; \
    t_ = 0; \
    u_ = 0

inline store(who, location, what)
{
    d_step {
        memory[location].newest++;
        assert(memory[location].newest < STORES); /* the model has room for each store */
        view[who].at[location] = memory[location].newest;
        memory[location].stored[memory[location].newest].value = what;
        memory[location].stored[memory[location].newest].view[location] = memory[location].newest;
        FORGET(location)
    }
}

inline store_release(who, location, what)
{
    d_step {
        memory[location].newest++;
        assert(memory[location].newest < STORES); /* the model has room for each store */
        view[who].at[location] = memory[location].newest;
        memory[location].stored[memory[location].newest].value = what;
        JOIN(memory[location].stored[memory[location].newest].view, view[who].at);
        FORGET(location)
    }
}

inline load(who, location, into)
{
    atomic {
        t_ = view[who].at[location];
        do
        :: t_ < memory[location].newest -> t_++
        :: break
        od;
        into = memory[location].stored[t_].value;
        view[who].at[location] = t_;
        d_step { FORGET(location) }
    }
}

inline load_acquire(who, location, into)
{
    atomic {
        t_ = view[who].at[location];
        do
        :: t_ < memory[location].newest -> t_++
        :: break
        od;
        into = memory[location].stored[t_].value;
        view[who].at[location] = t_;
        d_step { JOIN(view[who].at, memory[location].stored[t_].view); FORGET(location) }
    }
}

inline fence(who) { d_step { JOIN(view[who].at, fenced.at); JOIN(fenced.at, view[who].at) } }

/* Whoever takes the interrupt sees what came before it. */
inline before_event(who) { d_step { JOIN(interrupted.at, view[who].at) } }
inline after_event(who) { d_step { JOIN(view[who].at, interrupted.at) } }

/* Whether a load could find something else than what the thread has found; no busy waiting in a model. */
#define NEWS(who, location, found) (memory[location].newest > view[who].at[location])

#else

typedef Queue { byte location[STORES]; byte value[STORES]; byte length }

byte memory[LOCATIONS];
Queue queue[THREADS];

inline store(who, location_, what)
{
    d_step {
        queue[who].length < STORES -> /* a full queue makes its thread wait */
        queue[who].location[queue[who].length] = location_;
        queue[who].value[queue[who].length] = what;
        queue[who].length++
    }
}

inline store_release(who, location_, what) { store(who, location_, what) }

inline load(who, location_, into)
{
    d_step {
        into = memory[location_];
        u_ = 0;
        do
        :: u_ < queue[who].length ->
            if
            :: queue[who].location[u_] == location_ -> into = queue[who].value[u_]
            :: else
            fi;
            u_++
        :: else -> break
        od;
        u_ = 0
    }
}

inline load_acquire(who, location_, into) { load(who, location_, into) }

inline fence(who) { queue[who].length == 0 }

inline before_event(who) { queue[who].length == 0 }
inline after_event(who) { skip }

#define NEWS(who, location, found) (memory[location] != found)

/* The oldest store of some queue reaches memory. */
active proctype drain()
{
    byte who, i;
end:
    do
    :: atomic {
        if
        :: queue[0].length > 0 -> who = 0
        :: queue[1].length > 0 -> who = 1
        fi;
        d_step {
            memory[queue[who].location[0]] = queue[who].value[0];
            queue[who].length--;
            i = 0;
            do
            :: i < queue[who].length ->
                queue[who].location[i] = queue[who].location[i + 1];
                queue[who].value[i] = queue[who].value[i + 1];
                i++
            :: else -> break
            od;
            queue[who].location[i] = 0;
            queue[who].value[i] = 0;
            i = 0;
            who = 0
        }
    }
    od
}

#endif

inline raise(who) { before_event(who); interrupt = true }
inline take(who) { atomic { interrupt -> interrupt = false; after_event(who) } }
