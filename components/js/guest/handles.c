/* The handles that the context was given, its clocks, and reads and writes that finish what they began.
 *
 * Invariant: this is the only file that knows which handle plays which role. */
#include "guest.h"

#include <string.h>

#define VECTOR_MAX 128

static uint32_t roles[ROLE_COUNT];
static struct { uint32_t role, handle; } vector[VECTOR_MAX];
static uint32_t vector_count;
static int64_t mono_last_ns; /* the clock never goes back past this */
static int64_t origin_ns;

void handles_load(void)
{
    int64_t length = call_ctl(0, CTL_START, 0, slice(vector, sizeof vector), 0);

    memset(roles, 0, sizeof roles);
    vector_count = length < 0 ? 0 : (uint32_t)(length / (int64_t)sizeof vector[0]);
    for (uint32_t i = 0; i < vector_count; i++) {
        if (vector[i].role < ROLE_COUNT && !roles[vector[i].role])
            roles[vector[i].role] = vector[i].handle;
    }
    mono_last_ns = 0;
    origin_ns = clock_mono_ns();
}

int64_t handles_renew(void)
{
    int64_t last_ns = mono_last_ns, elapsed_ns = mono_last_ns - origin_ns;

    handles_load();
    origin_ns = mono_last_ns - elapsed_ns;
    return mono_last_ns - last_ns;
}

uint32_t handle_of(enum role role)
{
    return roles[role];
}

uint32_t handles_given(uint32_t role, uint32_t *handles, uint32_t room)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < vector_count && count < room; i++)
        if (vector[i].role == role)
            handles[count++] = vector[i].handle;
    return count;
}

static bool clock_read(enum role role, int64_t *ns)
{
    return roles[role] && b8g_call(OP_READ, (int32_t)roles[role], (intptr_t)ns, sizeof *ns, -1, 0) == sizeof *ns;
}

int64_t clock_mono_ns(void)
{
    int64_t ns;

    if (clock_read(ROLE_CLOCK_MONO, &ns) && ns > mono_last_ns)
        mono_last_ns = ns;
    return mono_last_ns;
}

int64_t clock_real_ns(void)
{
    int64_t ns;

    return clock_read(ROLE_CLOCK_REAL, &ns) ? ns : 0;
}

int64_t clock_origin_ns(void)
{
    return origin_ns;
}

void clock_advance(int64_t ns)
{
    if (!roles[ROLE_CLOCK_MONO] && ns > mono_last_ns)
        mono_last_ns = ns;
}

int64_t read_all(uint32_t handle, void *bytes, size_t length, int64_t position)
{
    size_t done = 0;

    while (done < length) {
        int64_t n = b8g_call(OP_READ, (int32_t)handle, (intptr_t)bytes + (intptr_t)done, (int64_t)(length - done),
                             position < 0 ? -1 : position + (int64_t)done, 0);
        if (n < 0)
            return n;
        if (n == 0 || (uint64_t)n > length - done)
            break;
        done += (size_t)n;
    }
    return (int64_t)done;
}

void wait_blocking(uint32_t handle, uint32_t interest)
{
    struct wait_item item = { handle, interest };
    uint32_t ready = 0;

    b8g_call(OP_WAIT, 0, (intptr_t)&item, 1, -1, (intptr_t)&ready);
}

int64_t write_all(uint32_t handle, const void *bytes, size_t length)
{
    size_t done = 0;

    while (done < length) {
        int64_t n = b8g_call(OP_WRITE, (int32_t)handle, (intptr_t)bytes + (intptr_t)done, (int64_t)(length - done), -1, 0);
        if (n == E_AGAIN) {
            wait_blocking(handle, WAIT_WRITABLE);
            continue;
        }
        if (n < 0)
            return n;
        if (n == 0 || (uint64_t)n > length - done)
            return E_IO;
        done += (size_t)n;
    }
    return (int64_t)done;
}
