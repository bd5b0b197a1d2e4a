/* The event loop: jobs, timers, handles that become ready, and errors that nobody caught.
 *
 * It runs until nothing can run, then parks a wait and returns to the engine; an event continues it. Invariant: once the
 * program has failed none of its code runs again. */
#include "guest.h"

static JSValue hooks;         /* the object that the prelude's files share */
static JSValue entry_promise; /* of the entry module; undefined if there is none */
static bool started, failed;
static bool checkpoint; /* the program waits to be frozen */
static bool renewals;   /* the prelude has something to renew */
static bool ticks;      /* the prelude has something to run before the jobs */
static bool jobs_first; /* but not before the jobs of the entry module */
static bool ends;       /* the prelude wants to know of the end */
static bool session;    /* cells are evaluated: an error that nobody caught ends nothing */

bool loop_failed(void)
{
    return failed;
}

/* ---- errors ---- */

bool loop_offer(JSContext *ctx, const char *hook, int argc, JSValueConst *argv)
{
    static bool offering;
    JSValue function, result;
    bool taken = false;

    if (offering)
        return false;
    offering = true;
    function = JS_GetPropertyStr(ctx, hooks, hook);
    if (JS_IsFunction(ctx, function)) {
        result = JS_Call(ctx, function, JS_UNDEFINED, argc, argv);
        if (JS_IsException(result))
            JS_FreeValue(ctx, JS_GetException(ctx));
        else
            taken = JS_ToBool(ctx, result) == 1;
        JS_FreeValue(ctx, result);
    }
    JS_FreeValue(ctx, function);
    offering = false;
    return taken;
}

void loop_fail(JSContext *ctx, const char *prefix, JSValueConst error)
{
    if (failed)
        return;
    if (session) {
        report_show(ctx, prefix, error);
        return;
    }
    failed = true;
    report_fail(ctx, prefix, error);
}

void loop_session(void)
{
    session = true;
}

JSValue loop_hook(JSContext *ctx, const char *hook, int argc, JSValueConst *argv)
{
    JSValue function = JS_GetPropertyStr(ctx, hooks, hook), result = JS_Call(ctx, function, JS_UNDEFINED, argc, argv);

    JS_FreeValue(ctx, function);
    return result;
}

void loop_complain(JSContext *ctx, const char *prefix, JSValueConst error)
{
    if (!failed)
        failed = report_complain(ctx, prefix, error);
}

bool loop_is_entry(JSValueConst promise)
{
    return JS_IsObject(entry_promise) && JS_VALUE_GET_PTR(promise) == JS_VALUE_GET_PTR(entry_promise);
}

void loop_uncaught(JSContext *ctx)
{
    JSValue error = JS_GetException(ctx);

    if (!failed && !loop_offer(ctx, "dispatchException", 1, (JSValueConst *)&error))
        loop_fail(ctx, "Uncaught ", error);
    JS_FreeValue(ctx, error);
}

void loop_callback(JSContext *ctx, JSValueConst function, int argc, JSValueConst *argv)
{
    JSValue result = JS_Call(ctx, function, JS_UNDEFINED, argc, argv);

    if (JS_IsException(result))
        loop_uncaught(ctx);
    JS_FreeValue(ctx, result);
}

/* ---- running ---- */

/* Calls a hook of the prelude; what it throws is uncaught. */
static void call_hook(JSContext *ctx, const char *hook, int argc, JSValueConst *argv)
{
    JSValue function = JS_GetPropertyStr(ctx, hooks, hook);

    loop_callback(ctx, function, argc, argv);
    JS_FreeValue(ctx, function);
}

void loop_want_ticks(void)
{
    ticks = true;
}

void loop_jobs(JSContext *ctx)
{
    JSRuntime *rt = JS_GetRuntime(ctx);
    JSContext *where;

    do {
        if (ticks && !jobs_first) {
            ticks = false;
            call_hook(ctx, "runTicks", 0, NULL);
        }
        jobs_first = false;
        while (!failed && JS_IsJobPending(rt))
            if (JS_ExecutePendingJob(rt, &where) < 0)
                loop_uncaught(where);
    } while (!failed && (ticks || rejections_report(ctx)));
}

static void start_entry(JSContext *ctx)
{
    uint32_t entry = program_entry();
    JSValue result;

    switch (program_module(entry).kind) {
    case MODULE_COMMONJS:
        result = commonjs_require(ctx, entry);
        break;
    case MODULE_ES:
        jobs_first = true; /* an ES module runs in a job */
        result = modules_run(ctx, entry);
        if (!JS_IsException(result)) {
            entry_promise = result;
            return;
        }
        break;
    default:
        return; /* data: there is nothing to run */
    }
    if (JS_IsException(result))
        loop_uncaught(ctx);
    JS_FreeValue(ctx, result);
}

void loop_start(JSContext *ctx)
{
    started = true;
    start_entry(ctx);
    if (handle_of(ROLE_SERVE) && !failed)
        loop_offer(ctx, "serve", 1, (JSValueConst *)&entry_promise);
}

/* The function that a frozen program goes on with; undefined if there is none. */
JSValue loop_main_function(JSContext *ctx)
{
    static const char *const names[] = { "main", "default" };
    JSValue exports = JS_UNDEFINED, function = JS_UNDEFINED;
    uint32_t kind = program_modules() ? program_module(program_entry()).kind : MODULE_JSON;

    if (kind == MODULE_ES)
        exports = modules_namespace(ctx, program_entry());
    else if (kind == MODULE_COMMONJS)
        exports = commonjs_require(ctx, program_entry());
    if (kind == MODULE_COMMONJS && JS_IsFunction(ctx, exports))
        return exports;
    for (int i = 0; i < 2 && JS_IsObject(exports); i++) {
        JS_FreeValue(ctx, function);
        function = JS_GetPropertyStr(ctx, exports, names[i]);
        if (JS_IsFunction(ctx, function))
            break;
        if (JS_IsException(function))
            JS_FreeValue(ctx, JS_GetException(ctx));
    }
    JS_FreeValue(ctx, exports);
    if (JS_IsFunction(ctx, function))
        return function;
    JS_FreeValue(ctx, function);
    return JS_UNDEFINED;
}

bool loop_has_main(JSContext *ctx)
{
    JSValue function = loop_main_function(ctx);
    bool has = JS_IsFunction(ctx, function);

    JS_FreeValue(ctx, function);
    return has;
}

void loop_main(JSContext *ctx)
{
    JSValue function = loop_main_function(ctx), b8g, arguments, result;

    if (!JS_IsFunction(ctx, function)) {
        failed = true;
        report_fail_text("Error: the program exports no function main");
        return;
    }
    b8g = JS_GetPropertyStr(ctx, hooks, "b8g");
    arguments = JS_GetPropertyStr(ctx, b8g, "args");
    result = JS_Call(ctx, function, JS_UNDEFINED, 1, (JSValueConst *)&arguments);
    if (JS_IsException(result)) {
        loop_uncaught(ctx);
    } else if (JS_IsPromise(result)) {
        JS_FreeValue(ctx, entry_promise);
        entry_promise = JS_DupValue(ctx, result);
    }
    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, arguments);
    JS_FreeValue(ctx, b8g);
    JS_FreeValue(ctx, function);
}

/* What answers requests; undefined if there is nothing. */
static JSValue handler_of(JSContext *ctx)
{
    uint32_t kind = program_modules() ? program_module(program_entry()).kind : MODULE_JSON;
    JSValue exports = JS_UNDEFINED, handler, function;

    if (JS_PromiseState(ctx, entry_promise) == JS_PROMISE_PENDING)
        return JS_UNDEFINED;
    if (kind == MODULE_ES)
        exports = modules_namespace(ctx, program_entry());
    else if (kind == MODULE_COMMONJS)
        exports = commonjs_require(ctx, program_entry());
    for (int i = 0; i < 2 && JS_IsObject(exports); i++) {
        /* A CommonJS module is its exports, or has them as its default. */
        handler = i == 0 ? JS_GetPropertyStr(ctx, exports, "default") : JS_DupValue(ctx, exports);
        function = JS_IsObject(handler) ? JS_GetPropertyStr(ctx, handler, "fetch") : JS_UNDEFINED;
        if (JS_IsFunction(ctx, function)) {
            JS_FreeValue(ctx, function);
            JS_FreeValue(ctx, exports);
            return handler;
        }
        if (JS_IsException(handler) || JS_IsException(function))
            JS_FreeValue(ctx, JS_GetException(ctx));
        JS_FreeValue(ctx, function);
        JS_FreeValue(ctx, handler);
        if (kind == MODULE_ES)
            break;
    }
    JS_FreeValue(ctx, exports);
    return JS_UNDEFINED;
}

bool loop_has_handler(JSContext *ctx)
{
    JSValue handler = handler_of(ctx);
    bool has = JS_IsObject(handler);

    JS_FreeValue(ctx, handler);
    return has;
}

void loop_request(JSContext *ctx, uint32_t handle)
{
    JSValue arguments[2] = { handler_of(ctx), JS_NewUint32(ctx, handle) };
    JSValue answer = JS_GetPropertyStr(ctx, hooks, "request");

    if (JS_IsObject(arguments[0]) && JS_IsFunction(ctx, answer)) {
        http_begin();
        loop_callback(ctx, answer, 2, arguments);
    } else {
        failed = true;
        report_fail_text("Error: the program answers no requests: it has no `export default { fetch(request) { … } }`");
    }
    JS_FreeValue(ctx, answer);
    JS_FreeValue(ctx, arguments[0]);
}

void loop_want_renewals(void)
{
    renewals = true;
}

void loop_renew(JSContext *ctx)
{
    if (renewals)
        loop_offer(ctx, "restored", 0, NULL);
}

bool loop_cancel(JSContext *ctx)
{
    return loop_offer(ctx, "cancelled", 0, NULL);
}

void loop_want_checkpoint(void)
{
    checkpoint = true;
}

void loop_checkpoint(JSContext *ctx, int64_t copy)
{
    JSValue number = JS_NewInt64(ctx, copy);

    if (checkpoint) {
        checkpoint = false;
        loop_offer(ctx, "checkpointed", 1, (JSValueConst *)&number);
    }
}

void loop_want_end(void)
{
    ends = true;
}

/* Tells the prelude that nothing is left to do. True if there is again. */
static bool end_delayed(JSContext *ctx)
{
    if (!ends || !started)
        return false;
    call_hook(ctx, "beforeEnd", 0, NULL);
    loop_jobs(ctx);
    return failed || watch_any() || timers_keep();
}

static int32_t finish(JSContext *ctx)
{
    bool pending = JS_PromiseState(ctx, entry_promise) == JS_PROMISE_PENDING;
    JSValue unsettled = JS_NewBool(ctx, pending);

    eval_settle(ctx, true);
    if (ends && started) {
        call_hook(ctx, "atEnd", 1, (JSValueConst *)&unsettled);
        loop_jobs(ctx);
    }
    if (pending && !failed) {
        failed = true;
        report_fail_text("Top-level await promise never resolved");
    } else if (http_unanswered() > 0) {
        failed = true;
        report_fail_text("Error: the request was not answered, and nothing is left to do: a promise never settled");
    }
    return STATE_DONE;
}

int32_t loop_run(JSContext *ctx)
{
    for (bool ready = true; !failed; ready = true) {
        int64_t deadline;
        bool ran;

        report_keep_reserve();
        loop_jobs(ctx);
        if (failed)
            break;
        eval_settle(ctx, false);
        if (checkpoint)
            return STATE_CHECKPOINT;
        ran = timers_run(ctx);
        if (failed)
            break;
        if (ready && watch_any())
            ran = watch_poll(ctx) || ran;
        if (ran)
            continue;
        deadline = timers_next_ns();
        if (!watch_any() && !timers_keep()) {
            if (end_delayed(ctx))
                continue;
            return finish(ctx);
        }
        if (!started && !eval_pending())
            return STATE_DONE; /* what an evaluation left behind does not keep the context busy */
        if (watch_park(deadline) < 0) {
            failed = true;
            report_fail_text("InternalError: the wait was refused");
            break;
        }
        return STATE_WAITING;
    }
    eval_settle(ctx, true);
    return STATE_DONE;
}

void loop_setup(JSContext *ctx, JSValueConst internal)
{
    hooks = JS_DupValue(ctx, internal);
    entry_promise = JS_UNDEFINED;
    rejections_setup(ctx);
}
