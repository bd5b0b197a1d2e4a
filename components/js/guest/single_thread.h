/* The locks of the engine's Atomics where there is one thread: nothing to lock, and nobody who could wake a waiter.
 *
 * `Atomics.wait` never comes as far as these, since the guest does not allow blocking (JS_SetCanBlock). */
#ifndef B8G_SINGLE_THREAD_H
#define B8G_SINGLE_THREAD_H

#include <stdint.h>

typedef int js_once_t;
typedef int js_mutex_t;
typedef int js_cond_t;

#define JS_ONCE_INIT 0

static inline void js_once(js_once_t *once, void (*run)(void))
{
    if (!*once)
        run();
    *once = 1;
}
static inline void js_mutex_init(js_mutex_t *mutex) { *mutex = 0; }
static inline void js_mutex_lock(js_mutex_t *mutex) { *mutex = 1; }
static inline void js_mutex_unlock(js_mutex_t *mutex) { *mutex = 0; }
static inline void js_cond_init(js_cond_t *condition) { *condition = 0; }
static inline void js_cond_destroy(js_cond_t *condition) { *condition = 0; }
static inline void js_cond_signal(js_cond_t *condition) { *condition = 1; }
static inline void js_cond_wait(js_cond_t *condition, js_mutex_t *mutex) { (void)condition, (void)mutex; }
static inline int js_cond_timedwait(js_cond_t *condition, js_mutex_t *mutex, uint64_t timeout_ns)
{
    (void)condition, (void)mutex, (void)timeout_ns;
    return -1;
}

#endif
