/*
** A process-wide lock for a few instructions, such as those that step a number
** of more than 64 bits.  It costs one atomic exchange where nobody waits.
**
**   static SpinLock lock;
**   spin_enter(&lock, forks); ... spin_leave(&lock);
**
** It survives fork(): `forks` is random_forks as the caller sees it, and a lock
** that was taken before the last fork belongs to a thread that the child does
** not have.  The child takes it over, and must not trust what it guards to be
** whole: see what its users do when they find themselves in a new process.
*/
#ifndef SURROGATE_SPIN_H
#define SURROGATE_SPIN_H

#include <stdatomic.h>

#ifdef _WIN32
#include <windows.h>
#define SPIN_YIELD() SwitchToThread()
#else
#include <sched.h>
#define SPIN_YIELD() sched_yield()
#endif

#define SPIN_TRIES 100 /* before the processor is given to another thread */

typedef _Atomic unsigned SpinLock; /* 0, or its owner's forks + 1 */

static inline int spin_try(SpinLock *lock, unsigned from, unsigned owner) {
  return atomic_compare_exchange_strong_explicit(
      lock, &from, owner, memory_order_acquire, memory_order_relaxed);
}

static inline void spin_enter(SpinLock *lock, unsigned forks) {
  unsigned owner = forks + 1;
  unsigned tries = 0;
  while (!spin_try(lock, 0, owner)) {
    unsigned seen = atomic_load_explicit(lock, memory_order_relaxed);
    if (seen != 0 && seen != owner && spin_try(lock, seen, owner)) break;
    if (++tries % SPIN_TRIES == 0) SPIN_YIELD();
  }
}

static inline void spin_leave(SpinLock *lock) {
  atomic_store_explicit(lock, 0, memory_order_release);
}

#endif /* SURROGATE_SPIN_H */
