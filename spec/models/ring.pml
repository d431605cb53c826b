/* SPDX-License-Identifier: MIT
 *
 * A ring: its pointers, the bytes between them, and who believes what of them. Book: spec/ring.rst.
 *
 * A hypervisor puts MESSAGES messages of one slot to all but one into a ring of LENGTH slots, a receiver takes them
 * out. Each slot carries the number of its message, how many slots that has, and which of them it is. With -DHOSTILE
 * there is an owner instead who writes to the header whatever it likes, at any time.
 */
#define LENGTH 4
#ifdef HOSTILE
#define MESSAGES 4
#else
#define MESSAGES 6
#endif

#define TX 0
#define RX 1
#define SLOT(position) (2 + position)

#define LOCATIONS (2 + LENGTH)
#define THREADS 2
#define STORES 8
#include "memory.pml"
#include "call.pml"

#define HYPERVISOR 0
#define RECEIVER 1

#define CONTENT(number, size, index) ((number) * 16 + (size) * 4 + (index))

byte received;

/* The rx_ptr that is found, within bounds. */
#ifdef ANY_RX
#define WITHIN(pointer) (pointer)
#else
#define WITHIN(pointer) (pointer < LENGTH -> pointer : 0)
#endif

inline publish()
{
#ifdef TX_RELAXED
    store(HYPERVISOR, TX, (tx + size) % LENGTH)
#else
    store_release(HYPERVISOR, TX, (tx + size) % LENGTH)
#endif
}

/* In two stretches at most, of which the first ends before the unread messages or with the data. */
inline copy()
{
#ifdef RX_TWICE
    load_acquire(HYPERVISOR, RX, rx);
    end = (rx > tx -> rx : LENGTH);
#else
    end = (WITHIN(rx) > tx -> WITHIN(rx) : LENGTH);
#endif
    position = tx;
    do
    :: index < size ->
        if
        :: position == end -> position = 0; end = tx
        :: else
        fi;
        assert(position < LENGTH); /* nothing is written but the ring */
        store(HYPERVISOR, SLOT(position), CONTENT(number, size, index));
        position++;
        index++
    :: else -> break
    od;
    atomic { index = 0; position = 0; end = 0 }
}

inline send()
{
    CALL
    load_acquire(HYPERVISOR, RX, rx);
    free = (WITHIN(rx) > tx -> WITHIN(rx) - tx : LENGTH - tx + WITHIN(rx));
#ifdef FULL_TO_THE_BRIM
    fits = size <= free;
#elif defined(OVERWRITES)
    fits = size < LENGTH;
#else
    fits = size < free;
#endif
    if
    :: fits ->
#ifdef TX_FIRST
        publish();
        copy();
#else
        copy();
        publish();
#endif
#ifdef TX_FROM_HEADER
        load(HYPERVISOR, TX, tx);
#else
        tx = (tx + size) % LENGTH;
#endif
        SAY(("send %d = %d\n", size, tx))
    :: else ->
        skip;
        SAY(("send %d = EAGAIN\n", size))
    fi
    DONE
}

active proctype hypervisor()
{
    SCRATCH;
    byte tx, rx, free, size, index, position, end, number;
    bool fits;

    do
    :: number < MESSAGES ->
        if
        :: size = 1
        :: size = 2
        :: size = LENGTH - 1
        fi;
        do
        :: send();
            if
            :: fits -> break
            :: else -> NEWS(HYPERVISOR, RX, rx) /* the sender tries again */
            fi
        od;
        atomic { fits = false; rx = 0; free = 0; size = 0 };
        number++
    :: else -> break
    od
}

#ifndef HOSTILE

inline consume()
{
    store_release(RECEIVER, RX, (rx + size) % LENGTH)
}

active proctype receiver()
{
    SCRATCH;
    byte tx, rx, size, index, found;

    do
    :: received < MESSAGES ->
        do
        :: tx == rx -> NEWS(RECEIVER, TX, tx) ->
#ifdef TX_WITHOUT_ACQUIRE
            load(RECEIVER, TX, tx)
#else
            load_acquire(RECEIVER, TX, tx)
#endif
        :: else -> break
        od;
        CALL
        load(RECEIVER, SLOT(rx), found);
        size = (found / 4) % 4;
        assert(size >= 1 && size <= (LENGTH + tx - rx) % LENGTH); /* the message is within the unread bytes */
#ifdef RX_FIRST
        consume();
#endif
        do
        :: assert(found == CONTENT(received, size, index)); /* the next message, whole, once */
            index++;
            if
            :: index < size -> load(RECEIVER, SLOT((rx + index) % LENGTH), found)
            :: else -> break
            fi
        od;
        received++;
#ifndef RX_FIRST
        consume();
#endif
        SAY(("receive %d\n", size))
        atomic { rx = (rx + size) % LENGTH; index = 0; size = 0; found = 0 }
        DONE
    :: else -> break
    od
}

active proctype judge()
{
    timeout;
    assert(received == MESSAGES) /* no message was lost */
}

#else

/* An owner who owes nothing to anybody. */
inline scribble(pointer, value)
{
    CALL
    store(RECEIVER, pointer, value);
    SAY(("write %d %d\n", pointer, value))
    DONE
}

active proctype owner()
{
    SCRATCH;
    byte stores;

    do
    :: stores < 3 ->
        if
        :: scribble(RX, 0)
        :: scribble(RX, 1)
        :: scribble(RX, LENGTH - 1)
        :: scribble(RX, LENGTH)
        :: scribble(RX, 4 * LENGTH)
        :: scribble(TX, 4 * LENGTH)
        fi;
        stores++
    :: break
    od
}

#endif
