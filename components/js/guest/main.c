/* The component's exports: start reading here.
 *
 * b8g_initialize runs once, when the component is built; the memory it leaves is the image that every context starts
 * from. b8g_start runs the program, b8g_event continues it (docs/abi.md). Invariant: a start does no work that grows
 * with the prelude. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

/* How much of the C stack JavaScript may use before a RangeError; see "The stack" in ../README.md. */
#ifndef STACK_BUDGET
#define STACK_BUDGET (320 * 1024)
#endif

/* The free memory that the image comes with, so that small programs need not ask for more; as zeroes it takes no space. */
#define ROOM (512 * 1024)

static JSRuntime *rt;
static JSContext *ctx;

/* ---- SharedArrayBuffer: one thread, so sharing is counting ---- */

#define SHARED_HEADER 16

static void *shared_alloc(void *opaque, size_t size)
{
    uint8_t *block = size < SIZE_MAX - SHARED_HEADER ? calloc(1, SHARED_HEADER + size) : NULL;

    if (!block) {
        JS_ThrowOutOfMemory(ctx);
        return NULL;
    }
    *(size_t *)block = 1;
    return block + SHARED_HEADER;
}

static void shared_free(void *opaque, void *bytes)
{
    uint8_t *block = (uint8_t *)bytes - SHARED_HEADER;

    if (--*(size_t *)block == 0)
        free(block);
}

static void shared_dup(void *opaque, void *bytes)
{
    ++*(size_t *)((uint8_t *)bytes - SHARED_HEADER);
}

/* Wipes what initialisation left in the part of the stack that is free again: zeroes are not stored in the image, and a
 * page of the stack that nobody uses stays untouched. The stack lies below everything else. */
static void wipe_stack(void)
{
    uintptr_t bottom = 0, top = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)15;

    __asm__("" : "+r"(bottom)); /* address 0 is part of the stack, whatever the compiler thinks of it */
    memset((void *)bottom, 0, top - bottom);
}

/* ---- exports ---- */

void EXPORT(b8g_initialize)(void)
{
    JSSharedArrayBufferFunctions shared = { shared_alloc, shared_free, shared_dup, NULL };
    JSValue internal;
    bool strip;

    rt = JS_NewRuntime();
    JS_UpdateStackTop(rt);
    JS_SetMaxStackSize(rt, STACK_BUDGET);
    JS_SetSharedArrayBufferFunctions(rt, &shared);
    JS_SetCanBlock(rt, false);
    ctx = JS_NewContext(rt);
    modules_setup(ctx);
    internal = prelude_run(ctx, &strip);
    loop_setup(ctx, internal);
    JS_FreeValue(ctx, internal);
    b8g_seal(rt, strip);
    report_keep_reserve();
    memory_seal(ROOM);
    wipe_stack();
}

/* Draws the seed of the hash tables that are made from now on. */
static void reseed(void)
{
    int64_t seed = call_ctl(0, CTL_HASH_SEED, 0, 0, 0);

    if (seed >= 0)
        b8g_reseed(ctx, (uint32_t)seed);
}

/* Gives up what the program does not need, and tells what is left. */
static void compact(uint32_t answer)
{
    JSMemoryUsage usage;

    JS_RunGC(rt);
    program_compact();
    JS_ComputeMemoryUsage(rt, &usage);
    write_all(answer, &usage, sizeof usage);
    b8g_wipe(rt);
    sys_wipe();
    memory_wipe();
    wipe_stack();
}

int32_t EXPORT(b8g_start)(int32_t shared, int32_t shared_length, int32_t private, int32_t private_length)
{
    const char *wrong;

    handles_load();
    reseed();
    if (!handle_of(ROLE_PROGRAM))
        return STATE_DONE; /* a context for evaluations */
    wrong = program_load(handle_of(ROLE_PROGRAM));
    if (wrong) {
        report_fail_text(wrong);
        return STATE_DONE;
    }
    loop_start(ctx);
    return loop_run(ctx);
}

/* Where the program is, as text: offset below, length above. The engine asks when it has stopped the context, which never runs again. */
int64_t EXPORT(b8g_place)(void)
{
    static char text[2048];

    return slice(text, b8g_where(ctx, text, sizeof text));
}

int32_t EXPORT(b8g_event)(int64_t token, int32_t kind, int32_t handle, int64_t value)
{
    if (kind == EVENT_INNER)
        return inner_called(ctx, (uint32_t)token, handle != 0, (uint64_t *)(uintptr_t)value);
    if (loop_failed())
        return STATE_DONE;
    switch (kind) {
    case EVENT_READY:
        if (token < 0 && timers_next_ns() != NO_DEADLINE)
            clock_advance(timers_next_ns());
        return loop_run(ctx);
    case EVENT_EVAL:
        eval_begin(ctx, (uint32_t)handle, (uint32_t)value);
        return loop_run(ctx);
    case EVENT_RESTORED:
        timers_shift(handles_renew());
        reseed();
        b8g_forget_random(ctx);
        loop_renew(ctx);
        loop_checkpoint(ctx, value);
        return loop_run(ctx);
    case EVENT_CHECKPOINT:
        loop_checkpoint(ctx, -1);
        return loop_run(ctx);
    case EVENT_COMPACT:
        compact((uint32_t)handle);
        return STATE_DONE;
    case EVENT_MAIN:
        if (!value)
            return loop_has_main(ctx);
        loop_main(ctx);
        return loop_run(ctx);
    case EVENT_REQUEST:
        if (!handle)
            return loop_has_handler(ctx);
        loop_request(ctx, (uint32_t)handle);
        return loop_run(ctx);
    case EVENT_CANCEL:
        return loop_cancel(ctx) ? loop_run(ctx) : E_CANCELED;
    default:
        return STATE_DONE;
    }
}
