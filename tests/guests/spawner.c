/* Starts scripts as tasks, and tells over its first channel how each went. */
#include "b8g.h"

#define MEMORY (16u << 20)

static b8g_handle channel, compiler;
static char why[512];

static size_t length(const char *text) {
    size_t len = 0;
    while (text[len]) {
        len++;
    }
    return len;
}

static void tell(const char *text) {
    b8g_send(channel, text, length(text), NULL, 0);
}

/* Tells an error's number: two digits are enough. */
static int64_t failed(const char *what, int64_t error) {
    char text[64];
    size_t len = 0;
    while (what[len]) {
        text[len] = what[len];
        len++;
    }
    text[len++] = ' ';
    text[len++] = (char)('0' + -error / 10 % 10);
    text[len++] = (char)('0' + -error % 10);
    text[len] = 0;
    tell(text);
    return error;
}

static int64_t compile(const char *source) {
    return b8g_ctl(compiler, B8G_CTL_COMPILE, source, length(source), why, sizeof why, B8G_LANGUAGE_JAVASCRIPT);
}

static int64_t join(int64_t task, struct b8g_ended *ended) {
    int64_t ready = b8g_wait_for((b8g_handle)task, B8G_READY_READ, B8G_NEVER);
    return ready < 0 ? ready : b8g_task_join((b8g_handle)task, ended);
}

/* A script that answers over the channel that it was given, and ends when nobody holds the other end. */
static int64_t talks(void) {
    struct b8g_ends ends;
    struct b8g_ended ended;
    struct b8g_spawn_limits limits = {MEMORY, 0, 0, 0};
    char text[16] = {0};
    int64_t component = compile("import { channels } from 'b8g';"
                                "for await (const m of channels[0]) await channels[0].send(m.text.toUpperCase());");
    if (component < 0) {
        tell(why);
        return failed("compile", component);
    }
    b8g_channel(&ends);
    struct b8g_entry entry = {B8G_ROLE_CHANNEL, ends.second};
    int64_t task = b8g_spawn((b8g_handle)component, &entry, 1, &limits);
    if (task < 0) {
        return failed("spawn", task);
    }
    b8g_send(ends.first, "hello", 5, NULL, 0);
    b8g_wait_for(ends.first, B8G_READY_READ, B8G_NEVER);
    b8g_receive(ends.first, text, sizeof text - 1, NULL, 0);
    tell(text);
    b8g_close(ends.first);
    int64_t joined = join(task, &ended);
    if (joined < 0) {
        return failed("join", joined);
    }
    tell(ended.reason == B8G_END_EXIT && ended.code == 0 ? "ended" : "not ended");
    return b8g_close((b8g_handle)task);
}

/* One that does not end by itself: its deadline ends it, or somebody who may. */
static int64_t is_stopped(int by_force) {
    struct b8g_ended ended;
    struct b8g_spawn_limits limits = {MEMORY, by_force ? 0 : 50000000, 0, 0};
    int64_t component = compile("for (;;);");
    int64_t task = component < 0 ? component : b8g_spawn((b8g_handle)component, NULL, 0, &limits);
    if (task < 0) {
        return failed("spawn", task);
    }
    if (by_force) {
        if (b8g_task_join((b8g_handle)task, &ended) != B8G_ERROR_AGAIN) {
            tell("it ended by itself");
        }
        b8g_task_kill((b8g_handle)task);
    }
    int64_t joined = join(task, &ended);
    if (joined < 0) {
        return failed("join", joined);
    }
    tell(ended.reason == B8G_END_TIMEOUT ? "timeout" : ended.reason == B8G_END_CANCELLED ? "killed" : "neither");
    return 0;
}

B8G_START start(uint32_t shared, uint32_t shared_len, uint32_t own, uint32_t own_len) {
    (void)shared, (void)shared_len, (void)own, (void)own_len;
    channel = b8g_given(B8G_ROLE_CHANNEL, 0);
    compiler = b8g_given(B8G_ROLE_COMPILER, 0);
    if (compile("let 1 = (") != B8G_ERROR_ARG || !why[0]) {
        tell("what is no script was compiled");
    }
    if (talks() >= 0 && is_stopped(0) >= 0 && is_stopped(1) >= 0) {
        tell("done");
    }
    return B8G_STATE_DONE;
}
