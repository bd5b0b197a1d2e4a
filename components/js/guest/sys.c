/* `sys`: the primitives from which the prelude makes everything that a program sees.
 *
 * The prelude gets this object as an argument and keeps it to itself. Numbers are passed as the ABI has them: a negative
 * one is an error that the prelude turns into an exception. Invariant: no primitive stores a pointer into an ArrayBuffer,
 * since the program may detach or resize it. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define NAME_MAX 32768
#define NS_PER_MS 1e6

#define PRIMITIVE(name) static JSValue name(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)

static JSValue number(JSContext *ctx, int64_t value)
{
    return JS_NewInt64(ctx, value);
}

static int64_t to_number(JSContext *ctx, JSValueConst value, int64_t missing)
{
    int64_t number;

    if (JS_IsUndefined(value))
        return missing;
    if (JS_ToInt64Ext(ctx, &number, value) < 0) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        return missing;
    }
    return number;
}

uint32_t sys_handle_of(JSContext *ctx, JSValueConst value)
{
    return (uint32_t)to_number(ctx, value, UINT32_MAX);
}


/* Bytes to send: those of a view or a buffer, or a string's UTF-8. Free `text` if it was used. */
struct input {
    const uint8_t *bytes;
    size_t length;
    struct text text;
    bool is_text;
};

static bool input_of(JSContext *ctx, JSValueConst value, struct input *input)
{
    uint8_t *bytes;

    input->is_text = JS_IsString(value);
    input->bytes = NULL;
    input->length = 0;
    if (input->is_text) {
        if (!text_of(ctx, value, &input->text))
            return false;
        input->bytes = (const uint8_t *)input->text.bytes;
        input->length = input->text.length;
        return true;
    }
    if (b8g_bytes(value, &bytes, &input->length)) {
        input->bytes = bytes;
        return true;
    }
    if (JS_IsUndefined(value) || JS_IsNull(value))
        return true;
    JS_ThrowTypeError(ctx, "a string, an ArrayBuffer or a view on one is expected");
    return false;
}

static void input_free(JSContext *ctx, struct input *input)
{
    if (input->is_text)
        text_free(ctx, &input->text);
}

static bool output_of(JSContext *ctx, JSValueConst value, uint8_t **bytes, size_t *length)
{
    if (b8g_bytes(value, bytes, length))
        return true;
    JS_ThrowTypeError(ctx, "an ArrayBuffer or a view on one is expected");
    return false;
}

/* ---- handles ---- */

/* read(handle, view, position?) */
PRIMITIVE(sys_read)
{
    int64_t position = to_number(ctx, argv[2], -1);
    uint32_t handle = sys_handle_of(ctx, argv[0]);
    uint8_t *bytes;
    size_t length;

    if (!output_of(ctx, argv[1], &bytes, &length))
        return JS_EXCEPTION;
    return number(ctx, b8g_call(OP_READ, (int32_t)handle, (intptr_t)bytes, (int64_t)length, position, 0));
}

/* write(handle, view or string, position?) */
PRIMITIVE(sys_write)
{
    int64_t position = to_number(ctx, argv[2], -1), result;
    uint32_t handle = sys_handle_of(ctx, argv[0]);
    struct input input;

    if (!input_of(ctx, argv[1], &input))
        return JS_EXCEPTION;
    result = b8g_call(OP_WRITE, (int32_t)handle, (intptr_t)input.bytes, (int64_t)input.length, position, 0);
    input_free(ctx, &input);
    return number(ctx, result);
}

/* open(directory, path, flags, rights) */
PRIMITIVE(sys_open)
{
    uint32_t handle = sys_handle_of(ctx, argv[0]);
    uint64_t flags = (uint32_t)to_number(ctx, argv[2], 0), rights = (uint32_t)to_number(ctx, argv[3], 0);
    struct input path;
    int64_t result;

    if (!input_of(ctx, argv[1], &path))
        return JS_EXCEPTION;
    result = b8g_call(OP_OPEN, (int32_t)handle, (intptr_t)path.bytes, (int64_t)path.length, 0, (int64_t)(flags | rights << 32));
    input_free(ctx, &path);
    return number(ctx, result);
}

/* ctl(handle, request, in?, out?, argument?) */
PRIMITIVE(sys_ctl)
{
    uint32_t handle = sys_handle_of(ctx, argv[0]), request = (uint32_t)to_number(ctx, argv[1], 0);
    int64_t argument = to_number(ctx, argv[4], 0), result;
    bool has_output = !JS_IsUndefined(argv[3]) && !JS_IsNull(argv[3]);
    uint8_t *bytes = NULL;
    size_t length = 0;
    struct input input;

    if (!input_of(ctx, argv[2], &input))
        return JS_EXCEPTION;
    if (has_output && !output_of(ctx, argv[3], &bytes, &length)) {
        input_free(ctx, &input);
        return JS_EXCEPTION;
    }
    result = call_ctl(handle, request, slice(input.bytes, input.length), slice(bytes, length), argument);
    input_free(ctx, &input);
    return number(ctx, result);
}

#define SMALL_TEXT 1024

/* ctlText(handle, request, in, argument?): the text that a request about languages answers, or an error */
PRIMITIVE(sys_ctl_text)
{
    uint32_t handle = sys_handle_of(ctx, argv[0]), request = (uint32_t)to_number(ctx, argv[1], 0);
    int64_t argument = to_number(ctx, argv[3], 0), length;
    char small[SMALL_TEXT], *large = NULL;
    struct input input;
    JSValue text;

    if (!input_of(ctx, argv[2], &input))
        return JS_EXCEPTION;
    length = call_ctl(handle, request, slice(input.bytes, input.length), slice(small, sizeof small), argument);
    if (length > SMALL_TEXT) {
        large = js_malloc(ctx, (size_t)length);
        if (large)
            length = call_ctl(handle, request, slice(input.bytes, input.length), slice(large, (size_t)length), argument);
    }
    if (length > SMALL_TEXT && !large)
        text = JS_EXCEPTION;
    else
        text = length < 0 ? number(ctx, length) : JS_NewStringLen(ctx, large ? large : small, (size_t)length);
    js_free(ctx, large);
    input_free(ctx, &input);
    return text;
}

PRIMITIVE(sys_close)
{
    return number(ctx, b8g_call(OP_CLOSE, (int32_t)sys_handle_of(ctx, argv[0]), 0, 0, 0, 0));
}

/* info(handle): {kind, rights, size}, or a negative number */
PRIMITIVE(sys_info)
{
    struct { uint32_t kind, rights; uint64_t size; } info;
    int64_t result = b8g_call(OP_INFO, (int32_t)sys_handle_of(ctx, argv[0]), (intptr_t)&info, sizeof info, 0, 0);
    const char *names[] = { "kind", "rights", "size" };

    if (result < 0)
        return number(ctx, result);
    JSValue values[] = { JS_NewUint32(ctx, info.kind), JS_NewUint32(ctx, info.rights), JS_NewInt64(ctx, (int64_t)info.size) };
    return JS_NewObjectFromStr(ctx, 3, names, values);
}

/* handle(role): 0 if nothing was granted */
PRIMITIVE(sys_handle)
{
    int64_t role = to_number(ctx, argv[0], 0);

    return number(ctx, role > 0 && role < ROLE_COUNT ? handle_of((enum role)role) : 0);
}

/* watch(handle, interest, callback): a number for unwatch */
PRIMITIVE(sys_watch)
{
    if (!JS_IsFunction(ctx, argv[2]))
        return JS_ThrowTypeError(ctx, "a function is expected");
    return number(ctx, watch_add(ctx, sys_handle_of(ctx, argv[0]), (uint32_t)to_number(ctx, argv[1], WAIT_READABLE), argv[2]));
}

PRIMITIVE(sys_unwatch)
{
    watch_remove(ctx, to_number(ctx, argv[0], 0));
    return JS_UNDEFINED;
}

/* ---- the program's surroundings ---- */

PRIMITIVE(sys_args)
{
    struct { uint32_t kind, rights; uint64_t size; } info;
    uint32_t handle = handle_of(ROLE_ARGS);
    JSValue list = JS_NewArray(ctx);
    uint8_t *bytes;
    size_t size, start = 0;
    uint32_t count = 0;

    if (!handle || b8g_call(OP_INFO, (int32_t)handle, (intptr_t)&info, sizeof info, 0, 0) != sizeof info || info.size == 0)
        return list;
    size = (size_t)info.size;
    bytes = malloc(size);
    if (!bytes) {
        JS_FreeValue(ctx, list);
        return JS_ThrowOutOfMemory(ctx);
    }
    size = read_all(handle, bytes, size, 0) == (int64_t)size ? size : 0;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0)
            continue;
        JS_DefinePropertyValueUint32(ctx, list, count++, text_decode(ctx, bytes + start, i - start, false), JS_PROP_C_W_E);
        start = i + 1;
    }
    free(bytes);
    return list;
}

static uint8_t env_value[NAME_MAX];

void sys_wipe(void)
{
    memset(env_value, 0, sizeof env_value);
}

/* env(name): the value, undefined if it is not set, or a negative number */
PRIMITIVE(sys_env)
{
    uint8_t *value = env_value;
    uint32_t handle = handle_of(ROLE_ENV);
    uint8_t *larger;
    struct input name;
    JSValue string;
    int64_t length;

    if (!handle)
        return number(ctx, E_RIGHTS);
    if (!input_of(ctx, argv[0], &name))
        return JS_EXCEPTION;
    length = call_ctl(handle, CTL_ENV_GET, slice(name.bytes, name.length), slice(value, sizeof env_value), 0);
    if (length <= (int64_t)sizeof env_value) {
        input_free(ctx, &name);
        if (length < 0)
            return length == E_NOENT ? JS_UNDEFINED : number(ctx, length);
        return text_decode(ctx, value, (size_t)length, false);
    }
    larger = malloc((size_t)length);
    if (larger)
        length = call_ctl(handle, CTL_ENV_GET, slice(name.bytes, name.length), slice(larger, (size_t)length), 0);
    input_free(ctx, &name);
    string = !larger ? JS_ThrowOutOfMemory(ctx) : length < 0 ? number(ctx, length) : text_decode(ctx, larger, (size_t)length, false);
    free(larger);
    return string;
}

PRIMITIVE(sys_exit)
{
    b8g_call(OP_TASK, 0, TASK_EXIT, to_number(ctx, argv[0], 0), 0, 0);
    __builtin_trap();
}

/* print(role, string): all of it, though the stream be slow; the answer is an error's number or the length */
PRIMITIVE(sys_print)
{
    int64_t role = to_number(ctx, argv[0], ROLE_STDOUT), result;
    struct input input;

    if (role <= 0 || role >= ROLE_COUNT || !handle_of((enum role)role))
        return number(ctx, E_BADH);
    if (!input_of(ctx, argv[1], &input))
        return JS_EXCEPTION;
    result = write_all(handle_of((enum role)role), input.bytes, input.length);
    input_free(ctx, &input);
    return number(ctx, result);
}

/* random(view) fills it */
PRIMITIVE(sys_random)
{
    uint8_t *bytes;
    size_t length;

    if (!output_of(ctx, argv[0], &bytes, &length))
        return JS_EXCEPTION;
    if (!handle_of(ROLE_RANDOM))
        return number(ctx, E_RIGHTS);
    return number(ctx, read_all(handle_of(ROLE_RANDOM), bytes, length, -1));
}

uint64_t b8g_random_seed(void)
{
    uint64_t seed = 0;

    if (handle_of(ROLE_RANDOM))
        read_all(handle_of(ROLE_RANDOM), &seed, sizeof seed, -1);
    return seed ? seed : 0x9E3779B97F4A7C15;
}

/* ---- time ---- */

/* nowReal(): milliseconds since 1970 */
PRIMITIVE(sys_now_real)
{
    return JS_NewFloat64(ctx, (double)clock_real_ns() / NS_PER_MS);
}

/* nowMono(): milliseconds since the program started */
PRIMITIVE(sys_now_mono)
{
    return JS_NewFloat64(ctx, (double)(clock_mono_ns() - clock_origin_ns()) / NS_PER_MS);
}

/* setTimer(callback, delay in ms, repeat): its number */
PRIMITIVE(sys_set_timer)
{
    double delay_ms = 0;
    int64_t id;

    if (!JS_IsFunction(ctx, argv[0]))
        return JS_ThrowTypeError(ctx, "a function is expected");
    if (!JS_IsUndefined(argv[1]) && JS_ToFloat64(ctx, &delay_ms, argv[1]) < 0)
        return JS_EXCEPTION;
    id = timers_add(ctx, argv[0], delay_ms, JS_ToBool(ctx, argv[2]) == 1);
    return id < 0 ? JS_ThrowOutOfMemory(ctx) : number(ctx, id);
}

/* setImmediate(callback): the number of a timer that comes before those that are not due yet */
PRIMITIVE(sys_set_immediate)
{
    int64_t id;

    if (!JS_IsFunction(ctx, argv[0]))
        return JS_ThrowTypeError(ctx, "a function is expected");
    id = timers_add_soon(ctx, argv[0]);
    return id < 0 ? JS_ThrowOutOfMemory(ctx) : number(ctx, id);
}

PRIMITIVE(sys_clear_timer)
{
    timers_clear(ctx, to_number(ctx, argv[0], 0));
    return JS_UNDEFINED;
}

/* unrefTimer(number): the program does not wait for it; refTimer(number): it does again */
PRIMITIVE(sys_unref_timer)
{
    timers_keeping(to_number(ctx, argv[0], 0), false);
    return JS_UNDEFINED;
}

PRIMITIVE(sys_ref_timer)
{
    timers_keeping(to_number(ctx, argv[0], 0), true);
    return JS_UNDEFINED;
}

/* asyncContext(): what was set where this chain of promises, timers and jobs began */
PRIMITIVE(sys_async_context)
{
    return JS_DupValue(ctx, b8g_async_context);
}

/* setAsyncContext(value) */
PRIMITIVE(sys_set_async_context)
{
    b8g_async_leave(ctx, JS_DupValue(ctx, argv[0]));
    return JS_UNDEFINED;
}

static JSValue microtask(JSContext *ctx, int argc, JSValueConst *argv)
{
    return JS_Call(ctx, argv[0], JS_UNDEFINED, argc - 1, argv + 1);
}

/* ---- other contexts ---- */

static JSValue handle_array(JSContext *ctx, const uint32_t *handles, uint32_t count)
{
    JSValue array = JS_NewArray(ctx);

    for (uint32_t i = 0; i < count && !JS_IsException(array); i++)
        JS_DefinePropertyValueUint32(ctx, array, i, JS_NewUint32(ctx, handles[i]), JS_PROP_C_W_E);
    return array;
}

/* given(role): the handles that were given in that role. */
PRIMITIVE(sys_given)
{
    uint32_t handles[128];
    uint32_t count = handles_given(sys_handle_of(ctx, argv[0]), handles, sizeof handles / sizeof handles[0]);

    return handle_array(ctx, handles, count);
}

/* op(number, handle, a, b, c, d): any operation. A view or buffer stands for its place in memory. */
PRIMITIVE(sys_op)
{
    int64_t arguments[4];
    uint8_t *bytes;
    size_t length;

    for (int i = 0; i < 4; i++)
        arguments[i] = b8g_bytes(argv[i + 2], &bytes, &length) ? (intptr_t)bytes : to_number(ctx, argv[i + 2], 0);
    return number(ctx, b8g_call((int32_t)sys_handle_of(ctx, argv[0]), (int32_t)sys_handle_of(ctx, argv[1]), arguments[0],
                                arguments[1], arguments[2], arguments[3]));
}

/* require(path or URL): the function `require` of the module there */
PRIMITIVE(sys_require)
{
    const char *path = JS_ToCString(ctx, argv[0]);
    JSValue name = path ? JS_NewString(ctx, modules_name(path)) : JS_EXCEPTION, function;

    JS_FreeCString(ctx, path);
    if (JS_IsException(name))
        return name;
    function = commonjs_make_require(ctx, name);
    JS_FreeValue(ctx, name);
    return function;
}

/* mainFunction(): what the program exports to be called. */
PRIMITIVE(sys_main_function)
{
    return loop_main_function(ctx);
}

/* newChannel(): the handles of both ends, or an error. */
PRIMITIVE(sys_new_channel)
{
    uint32_t ends[2];
    int64_t made = b8g_call(OP_CHANNEL_NEW, 0, (intptr_t)ends, 0, 0, 0);

    return made < 0 ? number(ctx, made) : handle_array(ctx, ends, 2);
}

/* send(handle, data, handles): 0 or an error. */
PRIMITIVE(sys_send)
{
    uint32_t handles[MESSAGE_HANDLES_MAX];
    struct input data;
    int64_t count = 0, sent;

    if (JS_IsObject(argv[2]) && JS_GetLength(ctx, argv[2], &count) < 0)
        return JS_EXCEPTION;
    if (count > MESSAGE_HANDLES_MAX)
        return number(ctx, E_LIMIT);
    for (int64_t i = 0; i < count; i++) {
        JSValue handle = JS_GetPropertyUint32(ctx, argv[2], (uint32_t)i);
        handles[i] = sys_handle_of(ctx, handle);
        JS_FreeValue(ctx, handle);
    }
    if (!input_of(ctx, argv[1], &data))
        return JS_EXCEPTION;
    sent = b8g_call(OP_SEND, (int32_t)sys_handle_of(ctx, argv[0]), (intptr_t)data.bytes, (int64_t)data.length, (intptr_t)handles,
                    count);
    input_free(ctx, &data);
    return number(ctx, sent);
}

#define SMALL_MESSAGE 1024

/* receive(handle, bytes at most): [bytes, handles], or an error; a larger message stays. */
PRIMITIVE(sys_receive)
{
    struct { uint32_t kind, rights, bytes, handles; } info;
    uint32_t handles[MESSAGE_HANDLES_MAX];
    uint32_t channel = sys_handle_of(ctx, argv[0]);
    uint8_t small[SMALL_MESSAGE], *bytes = small;
    int64_t most = to_number(ctx, argv[1], UINT32_MAX), received;
    JSValue pair;

    received = b8g_call(OP_RECEIVE, (int32_t)channel, (intptr_t)small, most < SMALL_MESSAGE ? most : SMALL_MESSAGE, (intptr_t)handles,
                        MESSAGE_HANDLES_MAX);
    if (received == E_LIMIT) {
        received = b8g_call(OP_INFO, (int32_t)channel, (intptr_t)&info, sizeof info, 0, 0);
        if (received < 0)
            return number(ctx, received);
        if (info.bytes > most)
            return number(ctx, E_LIMIT);
        bytes = js_malloc(ctx, info.bytes + 1);
        if (!bytes)
            return JS_EXCEPTION;
        received = b8g_call(OP_RECEIVE, (int32_t)channel, (intptr_t)bytes, info.bytes, (intptr_t)handles, MESSAGE_HANDLES_MAX);
    }
    if (received < 0) {
        pair = number(ctx, received);
    } else {
        pair = JS_NewArray(ctx);
        if (!JS_IsException(pair)) {
            JSValue buffer = JS_NewUint8ArrayCopy(ctx, bytes, (uint32_t)received);
            JSValue array = handle_array(ctx, handles, (uint32_t)(received >> 32));
            JS_DefinePropertyValueUint32(ctx, pair, 0, buffer, JS_PROP_C_W_E);
            JS_DefinePropertyValueUint32(ctx, pair, 1, array, JS_PROP_C_W_E);
        }
    }
    if (bytes != small)
        js_free(ctx, bytes);
    return pair;
}

PRIMITIVE(sys_want_renewals)
{
    loop_want_renewals();
    return JS_UNDEFINED;
}

PRIMITIVE(sys_want_checkpoint)
{
    loop_want_checkpoint();
    return JS_UNDEFINED;
}

/* entry(): the path of the module that the program begins with; undefined in a context for evaluations */
PRIMITIVE(sys_entry)
{
    return program_modules() ? modules_path(ctx, program_module(program_entry()).name) : JS_UNDEFINED;
}

/* memoryUsage(): [bytes of the context's memory, bytes allocated, bytes in use] */
PRIMITIVE(sys_memory_usage)
{
    JSMemoryUsage usage;
    JSValue numbers[3];

    JS_ComputeMemoryUsage(JS_GetRuntime(ctx), &usage);
    numbers[0] = JS_NewInt64(ctx, (int64_t)__builtin_wasm_memory_size(0) * 65536);
    numbers[1] = JS_NewInt64(ctx, usage.malloc_size);
    numbers[2] = JS_NewInt64(ctx, usage.memory_used_size);
    return JS_NewArrayFrom(ctx, 3, numbers);
}

/* wantTicks(): `internal.runTicks` is to be called before the next jobs, once */
PRIMITIVE(sys_want_ticks)
{
    loop_want_ticks();
    return JS_UNDEFINED;
}

/* wantEnd(): `internal.beforeEnd` and `internal.atEnd` are to be called when nothing is left to do */
PRIMITIVE(sys_want_end)
{
    loop_want_end();
    return JS_UNDEFINED;
}

PRIMITIVE(sys_queue_microtask)
{
    if (!JS_IsFunction(ctx, argv[0]))
        return JS_ThrowTypeError(ctx, "queueMicrotask: a function is expected");
    return JS_EnqueueJob(ctx, microtask, 1, argv) < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

/* ---- errors, and what the console looks into ---- */

/* fatal(error) ends the program */
PRIMITIVE(sys_fatal)
{
    JSValue end;

    loop_fail(ctx, "Uncaught ", argv[0]);
    end = JS_NewInternalError(ctx, "the program has ended");
    JS_SetUncatchableError(ctx, end);
    return JS_Throw(ctx, end);
}

/* script(source, name, only): runs a script as the engine runs one that a program begins with, unlike an indirect eval:
 * `let` and `const` stay, `var` cannot be deleted. With `only` nothing runs: it throws what is wrong with the source. */
PRIMITIVE(sys_script)
{
    size_t length;
    const char *source = JS_ToCStringLen(ctx, &length, argv[0]), *name = source ? JS_ToCString(ctx, argv[1]) : NULL;
    JSValue value = JS_EXCEPTION;

    if (name) {
        bool only = JS_ToBool(ctx, argv[2]) == 1;
        value = JS_Eval(ctx, source, length, name, JS_EVAL_TYPE_GLOBAL | (only ? JS_EVAL_FLAG_COMPILE_ONLY : 0));
        if (only && !JS_IsException(value)) {
            JS_FreeValue(ctx, value);
            value = JS_UNDEFINED;
        }
    }
    JS_FreeCString(ctx, name);
    JS_FreeCString(ctx, source);
    return value;
}

/* complain(error): tells of an error that ends what is done for one request */
PRIMITIVE(sys_complain)
{
    loop_complain(ctx, "Uncaught ", argv[0]);
    return JS_UNDEFINED;
}

/* promiseDetails(value): [0 pending, 1 fulfilled or 2 rejected, value or reason]; undefined if it is no promise */
PRIMITIVE(sys_promise_details)
{
    JSPromiseStateEnum state = JS_PromiseState(ctx, argv[0]);
    JSValue pair[2];

    if (state == JS_PROMISE_NOT_A_PROMISE)
        return JS_UNDEFINED;
    pair[0] = JS_NewInt32(ctx, state);
    pair[1] = state == JS_PROMISE_PENDING ? JS_UNDEFINED : JS_PromiseResult(ctx, argv[0]);
    return JS_NewArrayFrom(ctx, 2, pair);
}

/* proxyDetails(value): [target, handler], both null if it is revoked; undefined if it is no proxy */
PRIMITIVE(sys_proxy_details)
{
    JSValue pair[2];

    if (!JS_IsProxy(argv[0]))
        return JS_UNDEFINED;
    pair[0] = JS_GetProxyTarget(ctx, argv[0]);
    pair[1] = JS_GetProxyHandler(ctx, argv[0]);
    for (int i = 0; i < 2; i++)
        if (JS_IsException(pair[i])) {
            JS_FreeValue(ctx, JS_GetException(ctx));
            pair[i] = JS_NULL;
        }
    return JS_NewArrayFrom(ctx, 2, pair);
}

/* ---- text ---- */

static void *resize_buffer(JSRuntime *rt, void *opaque, void *bytes, size_t size)
{
    (void)opaque;
    if (size == 0) {
        js_free_rt(rt, bytes);
        return NULL;
    }
    return js_realloc_rt(rt, bytes, size);
}

/* utf8Encode(string): a Uint8Array */
PRIMITIVE(sys_utf8_encode)
{
    struct text text;
    uint8_t *bytes;
    size_t length;

    if (!text_of(ctx, argv[0], &text))
        return JS_EXCEPTION;
    length = text.length;
    bytes = js_malloc(ctx, length ? length : 1);
    if (bytes)
        memcpy(bytes, text.bytes, length);
    text_free(ctx, &text);
    return bytes ? JS_NewUint8Array(ctx, bytes, length, resize_buffer, NULL, false) : JS_EXCEPTION;
}

/* utf8EncodeInto(string, view): {read, written} */
PRIMITIVE(sys_utf8_encode_into)
{
    const char *names[] = { "read", "written" };
    JSValue string = JS_ToString(ctx, argv[0]);
    size_t room, units, written;
    uint8_t *bytes;

    if (JS_IsException(string))
        return JS_EXCEPTION;
    if (!output_of(ctx, argv[1], &bytes, &room)) {
        JS_FreeValue(ctx, string);
        return JS_EXCEPTION;
    }
    written = text_encode_into(ctx, string, bytes, room, &units);
    JS_FreeValue(ctx, string);
    return JS_NewObjectFromStr(ctx, 2, names, (JSValue[]){ number(ctx, (int64_t)units), number(ctx, (int64_t)written) });
}

/* utf8Decode(view, fatal): a string; what is wrong is replaced, or is a TypeError if `fatal` */
PRIMITIVE(sys_utf8_decode)
{
    uint8_t *bytes;
    size_t length;

    if (!output_of(ctx, argv[0], &bytes, &length))
        return JS_EXCEPTION;
    return text_decode(ctx, bytes, length, JS_ToBool(ctx, argv[1]) == 1);
}

/* ---- the object ---- */

static const JSCFunctionListEntry primitives[] = {
    JS_CFUNC_DEF("read", 3, sys_read),
    JS_CFUNC_DEF("write", 3, sys_write),
    JS_CFUNC_DEF("open", 4, sys_open),
    JS_CFUNC_DEF("ctl", 5, sys_ctl),
    JS_CFUNC_DEF("ctlText", 4, sys_ctl_text),
    JS_CFUNC_DEF("close", 1, sys_close),
    JS_CFUNC_DEF("info", 1, sys_info),
    JS_CFUNC_DEF("handle", 1, sys_handle),
    JS_CFUNC_DEF("watch", 3, sys_watch),
    JS_CFUNC_DEF("unwatch", 1, sys_unwatch),
    JS_CFUNC_DEF("args", 0, sys_args),
    JS_CFUNC_DEF("env", 1, sys_env),
    JS_CFUNC_DEF("exit", 1, sys_exit),
    JS_CFUNC_DEF("print", 2, sys_print),
    JS_CFUNC_DEF("random", 1, sys_random),
    JS_CFUNC_DEF("nowReal", 0, sys_now_real),
    JS_CFUNC_DEF("nowMono", 0, sys_now_mono),
    JS_CFUNC_DEF("setTimer", 3, sys_set_timer),
    JS_CFUNC_DEF("setImmediate", 1, sys_set_immediate),
    JS_CFUNC_DEF("clearTimer", 1, sys_clear_timer),
    JS_CFUNC_DEF("unrefTimer", 1, sys_unref_timer),
    JS_CFUNC_DEF("refTimer", 1, sys_ref_timer),
    JS_CFUNC_DEF("asyncContext", 0, sys_async_context),
    JS_CFUNC_DEF("setAsyncContext", 1, sys_set_async_context),
    JS_CFUNC_DEF("entry", 0, sys_entry),
    JS_CFUNC_DEF("memoryUsage", 0, sys_memory_usage),
    JS_CFUNC_DEF("wantTicks", 0, sys_want_ticks),
    JS_CFUNC_DEF("wantEnd", 0, sys_want_end),
    JS_CFUNC_DEF("given", 1, sys_given),
    JS_CFUNC_DEF("op", 6, sys_op),
    JS_CFUNC_DEF("mainFunction", 0, sys_main_function),
    JS_CFUNC_DEF("require", 1, sys_require),
    JS_CFUNC_DEF("newChannel", 0, sys_new_channel),
    JS_CFUNC_DEF("send", 3, sys_send),
    JS_CFUNC_DEF("receive", 2, sys_receive),
    JS_CFUNC_DEF("wantRenewals", 0, sys_want_renewals),
    JS_CFUNC_DEF("wantCheckpoint", 0, sys_want_checkpoint),
    JS_CFUNC_DEF("queueMicrotask", 1, sys_queue_microtask),
    JS_CFUNC_DEF("fatal", 1, sys_fatal),
    JS_CFUNC_DEF("script", 3, sys_script),
    JS_CFUNC_DEF("complain", 1, sys_complain),
    JS_CFUNC_DEF("promiseDetails", 1, sys_promise_details),
    JS_CFUNC_DEF("proxyDetails", 1, sys_proxy_details),
    JS_CFUNC_DEF("utf8Encode", 1, sys_utf8_encode),
    JS_CFUNC_DEF("utf8EncodeInto", 2, sys_utf8_encode_into),
    JS_CFUNC_DEF("utf8Decode", 2, sys_utf8_decode),
};

JSValue sys_object(JSContext *ctx)
{
    JSValue sys = JS_NewObjectProto(ctx, JS_NULL);

    JS_SetPropertyFunctionList(ctx, sys, primitives, sizeof primitives / sizeof primitives[0]);
    http_primitives(ctx, sys);
    bytes_primitives(ctx, sys);
    inner_primitives(ctx, sys);
    return sys;
}
