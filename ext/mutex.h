/*
** A process-wide lock that needs no initialisation call.
**
** SQLite's mutexes are made at run time or belong to the application, so
** state of the process that exists before any connection does is guarded by
** the system's own: a pthread mutex, an SRW lock on Windows.
**
**   static Mutex lock = MUTEX_INIT;
**   mutex_enter(&lock); ... mutex_leave(&lock);
**
** A lock that another thread holds during fork() would stay locked in the
** child forever.  mutex_survive_fork(before, after) has the first function
** called in the parent before each fork, and the second in the parent and in
** the child after it.
*/
#ifndef SURROGATE_MUTEX_H
#define SURROGATE_MUTEX_H

#ifdef _WIN32
#include <windows.h>
typedef SRWLOCK Mutex;
#define MUTEX_INIT SRWLOCK_INIT
static inline void mutex_enter(Mutex *mutex) {
  AcquireSRWLockExclusive(mutex);
}
static inline void mutex_leave(Mutex *mutex) {
  ReleaseSRWLockExclusive(mutex);
}
static inline int mutex_survive_fork(void (*before)(void),
                                     void (*after)(void)) {
  (void)before; /* Windows has no fork() */
  (void)after;
  return 0;
}
#else
#include <pthread.h>
typedef pthread_mutex_t Mutex;
#define MUTEX_INIT PTHREAD_MUTEX_INITIALIZER
static inline void mutex_enter(Mutex *mutex) {
  pthread_mutex_lock(mutex);
}
static inline void mutex_leave(Mutex *mutex) {
  pthread_mutex_unlock(mutex);
}
static inline int mutex_survive_fork(void (*before)(void),
                                     void (*after)(void)) {
  return pthread_atfork(before, after, after);
}
#endif

#endif /* SURROGATE_MUTEX_H */
