/* SPDX-License-Identifier: MIT
 *
 * Calls. They are made of steps that mix with those of others; with -DREPLAY each is one step, and says what it did, a
 * line each. tools/model_check.py makes cases of those lines for the engine's tests.
 */
#ifdef REPLAY
#define CALL atomic {
#define DONE }
#define SAY(line) printf line;
#else
#define CALL
#define DONE
#define SAY(line)
#endif
