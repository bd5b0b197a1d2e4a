/* The guest: what stands between QuickJS and the one callback of a component. Start reading in main.c.
 *
 * One runtime and one context live in each instance. They are made before the image is captured (main.c, initialise), so
 * that a start finds them ready. Invariant: between two calls from the engine no C frame is alive, so everything that
 * waits is in the tables of loop.c, timers.c, watch.c and eval.c. */
#ifndef B8G_GUEST_H
#define B8G_GUEST_H

#include "hooks.h"
#include "memory.h"

/* ---- the ABI (docs/abi.md) ---- */

enum operation {
    OP_INFO = 0, OP_DUP = 1, OP_CLOSE = 2, OP_OPEN = 5, OP_READ = 6, OP_WRITE = 7, OP_CTL = 8, OP_CHANNEL_NEW = 9, OP_SEND = 10,
    OP_RECEIVE = 11, OP_WAIT = 20, OP_TASK = 22,
};

enum role {
    ROLE_PROGRAM = 1, ROLE_ARGS, ROLE_STDIN, ROLE_STDOUT, ROLE_STDERR, ROLE_FILES, ROLE_NET, ROLE_ENV, ROLE_CLOCK_REAL,
    ROLE_CLOCK_MONO, ROLE_RANDOM, ROLE_PREOPEN, ROLE_CHANNEL, ROLE_STREAM, ROLE_COMPILER, ROLE_KEYS, ROLE_SERVE, ROLE_REQUEST,
    ROLE_COMPUTE, ROLE_COUNT,
};

enum failure {
    E_BADH = -1, E_RIGHTS = -2, E_TYPE = -3, E_ARG = -4, E_NOMEM = -6, E_AGAIN = -7, E_CLOSED = -8, E_CANCELED = -9, E_TIMEOUT = -10,
    E_NOENT = -11, E_LIMIT = -13, E_IO = -15,
};

enum failing { FAIL_ALL = 0, FAIL_MEMORY = 1, FAIL_REQUEST = 2 };
enum request { CTL_START = 1, CTL_FAIL = 2, CTL_HASH_SEED = 3, CTL_ENV_GET = 64, CTL_HTTP = 110, CTL_HTTP_HEAD = 111, CTL_HTTP_RESPOND = 112,
               CTL_INNER_INSTANTIATE = 162, CTL_INNER_CALL = 163, CTL_INNER_MAP = 169, CTL_INNER_UNMAP = 170 };

enum event {
    EVENT_READY = 1, EVENT_EVAL, EVENT_CANCEL, EVENT_RESTORED, EVENT_MAIN, EVENT_CHECKPOINT, EVENT_COMPACT, EVENT_REQUEST,
    EVENT_INNER,
};

enum state { STATE_DONE = 0, STATE_WAITING = 1, STATE_CHECKPOINT = 2 };

#define HTTP_BODY 1
#define HTTP_WHOLE 2
#define HTTP_WEBSOCKET 4
#define TASK_EXIT 3
#define WAIT_READABLE 1
#define WAIT_WRITABLE 2
#define WAIT_ITEMS_MAX 1024
#define MESSAGE_HANDLES_MAX 64
#define NO_DEADLINE INT64_MAX

struct wait_item {
    uint32_t handle;
    uint32_t interest;
};

__attribute__((import_module("b8g"), import_name("call")))
int64_t b8g_call(int32_t operation, int32_t handle, int64_t a, int64_t b, int64_t c, int64_t d);

static inline int64_t slice(const void *bytes, size_t length)
{
    return (int64_t)((uint64_t)(uintptr_t)bytes | (uint64_t)length << 32);
}

static inline int64_t call_ctl(uint32_t handle, uint32_t request, int64_t in, int64_t out, int64_t argument)
{
    return b8g_call(OP_CTL, (int32_t)handle, request, in, out, argument);
}

/* ---- handles.c: the initial vector, clocks, whole reads and writes ---- */

void handles_load(void);
/* The same for a context that goes on from where it was frozen. Answers by how much the monotonic clock moved. */
int64_t handles_renew(void);
/* The handle in that role; 0 if it was not granted. */
uint32_t handle_of(enum role role);
/* The handles that were given in that role, in their order; at most as many as there is room for. */
uint32_t handles_given(uint32_t role, uint32_t *handles, uint32_t room);
/* Nanoseconds of the monotonic clock; never goes back. Without that clock it stands still but for clock_advance. */
int64_t clock_mono_ns(void);
int64_t clock_real_ns(void);
/* The monotonic clock when the program started. */
int64_t clock_origin_ns(void);
/* Says that the deadline `ns` has passed: what a context without a clock learns of time. */
void clock_advance(int64_t ns);
int64_t read_all(uint32_t handle, void *bytes, size_t length, int64_t position);
/* Writes everything, waiting for room where there is none. */
int64_t write_all(uint32_t handle, const void *bytes, size_t length);
/* Waits until the handle is ready, here and now: for the synchronous primitives only. */
void wait_blocking(uint32_t handle, uint32_t interest);

/* ---- program.c: the PROGRAM blob ---- */

enum module_kind { MODULE_ES = 0, MODULE_JSON = 1, MODULE_COMMONJS = 2, MODULE_BUILTIN = 3 };
#define NO_MODULE UINT32_MAX
/* Indexes from here on are modules of the prelude for which the program has no record. */
#define PRELUDE_MODULES (UINT32_MAX - 256)

struct module_text {
    enum module_kind kind;
    const char *name;   /* followed by a NUL */
    size_t name_length;
    const char *source; /* followed by a NUL */
    size_t source_length;
};

/* Reads and checks the blob. NULL, or what is wrong with it. */
const char *program_load(uint32_t handle);
uint32_t program_modules(void);
uint32_t program_entry(void);
struct module_text program_module(uint32_t index);
/* The module of that name; NO_MODULE if there is none. */
uint32_t program_find(const char *name, size_t length);
/* What `specifier` means in a module. False: the module does not mention it. A target may be NO_MODULE. */
bool program_import(uint32_t module, const char *specifier, size_t length, uint32_t *target);
/* The first bytes of a source, writable: a `#!` line is made a comment there. */
char *program_source(uint32_t index);
/* Says that `text` begins as the program's `length` bytes at `source` do, from `offset` on, until this is called again. */
void program_alias(const char *text, size_t offset, const char *source, size_t length);
/* Forgets what is only remembered to be faster. */
void program_compact(void);

/* ---- modules.c, commonjs.c ---- */

/* What a program takes for the directory that it was started in: no path of the host. The prelude takes it away again. */
#define WORKING_DIRECTORY "/cwd"

/* What an absolute path or a file URL below that directory is called in the program. */
const char *modules_name(const char *specifier);
/* The absolute path of a module, and that of its directory. */
JSValue modules_path(JSContext *ctx, const char *name);
JSValue modules_directory(JSContext *ctx, const char *name);

void modules_setup(JSContext *ctx);
/* Where `specifier` leads from the module (or script) `base`; NO_MODULE with an exception thrown. */
uint32_t modules_resolve(JSContext *ctx, const char *base, const char *specifier);
/* True if the source of `base` names `specifier`: then what that means was decided before the program started. */
bool modules_names(const char *base, const char *specifier);
/* The namespace of an ES module that was loaded; undefined if it was not. */
JSValue modules_namespace(JSContext *ctx, uint32_t index);
/* Loads and evaluates an ES module; answers a promise or an exception. */
JSValue modules_run(JSContext *ctx, uint32_t index);
/* The value of a JSON module. */
JSValue modules_json(JSContext *ctx, uint32_t index);
/* Answers `module.exports`, running the module at the first call. */
JSValue commonjs_require(JSContext *ctx, uint32_t index);
/* `require` for a module of that name, be it in the program or not. */
JSValue commonjs_make_require(JSContext *ctx, JSValueConst name);

/* ---- text.c ---- */

/* The UTF-8 form of a value's string, lone surrogates replaced; free() it if `owned`. NULL with an exception thrown. */
struct text {
    const char *bytes;
    size_t length;
    const char *engine; /* what to give back to the engine */
    char *copy;
};
bool text_of(JSContext *ctx, JSValueConst value, struct text *text);
void text_free(JSContext *ctx, struct text *text);
/* A string of UTF-8, invalid sequences replaced as the encoding standard says. */
JSValue text_decode(JSContext *ctx, const uint8_t *bytes, size_t length, bool fatal);
size_t text_encode_into(JSContext *ctx, JSValueConst string, uint8_t *bytes, size_t room, size_t *units_read);

/* ---- timers.c ---- */

int64_t timers_add(JSContext *ctx, JSValueConst callback, double delay_ms, bool repeat);
void timers_clear(JSContext *ctx, int64_t id);
/* A timer that comes before all that become due after timers were last called back. */
int64_t timers_add_soon(JSContext *ctx, JSValueConst callback);
/* From now on the program waits for this timer, as for every new one, or does not. */
void timers_keeping(int64_t id, bool keeps);
/* True if there is a timer that the program waits for. */
bool timers_keep(void);
/* When the next timer is due; NO_DEADLINE if there is none. */
int64_t timers_next_ns(void);
/* Moves every timer by that much time, because the clock was moved. */
void timers_shift(int64_t ns);
/* Calls what is due; true if anything was. */
bool timers_run(JSContext *ctx);

/* ---- watch.c ---- */

int64_t watch_add(JSContext *ctx, uint32_t handle, uint32_t interest, JSValueConst callback);
void watch_remove(JSContext *ctx, int64_t id);
bool watch_any(void);
/* Calls back whoever has become ready; true if anyone was. */
bool watch_poll(JSContext *ctx);
/* Parks a wait for the watched handles until the deadline. */
int64_t watch_park(int64_t deadline_ns);

/* ---- loop.c ---- */

/* Runs jobs, timers and readiness until nothing can run; answers the state for the engine. */
int32_t loop_run(JSContext *ctx);
/* Runs the jobs that are due, and looks for rejections that nobody handles. */
void loop_jobs(JSContext *ctx);
/* Calls a function of the program from the loop: an exception is uncaught. */
void loop_callback(JSContext *ctx, JSValueConst function, int argc, JSValueConst *argv);
/* Takes the pending exception as uncaught. */
void loop_uncaught(JSContext *ctx);
/* Ends the program with that error, if it has not ended with another. */
void loop_complain(JSContext *ctx, const char *prefix, JSValueConst error);
void loop_fail(JSContext *ctx, const char *prefix, JSValueConst error);
/* Offers something to the program's own listeners by a hook of the prelude; true if one of them has taken it. */
bool loop_offer(JSContext *ctx, const char *hook, int argc, JSValueConst *argv);
/* From now on an error that nobody caught is shown, and ends nothing. */
void loop_session(void);
/* Calls a hook of the prelude. */
JSValue loop_hook(JSContext *ctx, const char *hook, int argc, JSValueConst *argv);
/* True for the promise of the entry module. */
bool loop_is_entry(JSValueConst promise);
/* Starts the entry module. */
void loop_start(JSContext *ctx);
bool loop_failed(void);
/* True if the entry module exports a function that a program can go on with: `main`, or its default export. */
bool loop_has_main(JSContext *ctx);
/* Calls it with the program's arguments. */
void loop_main(JSContext *ctx);
/* The prelude has something to renew when the context goes on from where it was frozen. */
void loop_want_renewals(void);
void loop_renew(JSContext *ctx);
/* The program asks to be frozen where nothing of it runs. */
/* Tells the program that it should stop; false if it does not listen. */
bool loop_cancel(JSContext *ctx);
/* What the program exports to be called; undefined if that is nothing. */
JSValue loop_main_function(JSContext *ctx);
/* True if the entry module has run and exports what answers requests of HTTP: an object with a function `fetch`. */
bool loop_has_handler(JSContext *ctx);
/* Lets it answer the request that the handle is. */
void loop_request(JSContext *ctx, uint32_t handle);
void loop_want_checkpoint(void);
/* The prelude has something to run before the next jobs, and something to run before the program ends. */
void loop_want_ticks(void);
void loop_want_end(void);
/* Tells those who asked that it was done; `copy` is -1, or the number of the copy that goes on from there. */
void loop_checkpoint(JSContext *ctx, int64_t copy);
void loop_setup(JSContext *ctx, JSValueConst internal);

/* ---- http.c ---- */

void http_primitives(JSContext *ctx, JSValueConst sys);
/* The program is given a request. */
void http_begin(void);
/* How many of them it has not answered. */
uint32_t http_unanswered(void);

/* ---- inner.c ---- */

void inner_primitives(JSContext *ctx, JSValueConst sys);
/* A module within calls a function of the program; its arguments, and then the results, lie at `words`. `grew`: a memory has. */
int32_t inner_called(JSContext *ctx, uint32_t token, bool grew, uint64_t *words);

/* ---- rejections.c ---- */

void rejections_setup(JSContext *ctx);
/* Reports one promise that nobody handled; false if there is none. */
bool rejections_report(JSContext *ctx);

/* ---- eval.c ---- */

void eval_begin(JSContext *ctx, uint32_t source, uint32_t answer);
/* Answers the evaluations whose promises have settled; `last` if nothing more can settle them. */
void eval_settle(JSContext *ctx, bool last);
bool eval_pending(void);

/* ---- report.c ---- */

/* Describes a thrown value, running none of the program's code. The text is in a static buffer. */
const char *report_describe(JSContext *ctx, const char *prefix, JSValueConst error, size_t *length);
/* Writes it to standard error. */
void report_show(JSContext *ctx, const char *prefix, JSValueConst error);
/* Ends the program with that error. */
/* Tells of an error that ends what is done for one request, and nothing else; true if the context cannot go on. */
bool report_complain(JSContext *ctx, const char *prefix, JSValueConst error);
void report_fail(JSContext *ctx, const char *prefix, JSValueConst error);
void report_fail_text(const char *text);
/* Puts memory aside for the day when there is none left. */
void report_keep_reserve(void);

/* ---- sys.c, prelude.c ---- */

JSValue sys_object(JSContext *ctx);
/* The number that a value is: a handle, a place; what is none is UINT32_MAX. */
uint32_t sys_handle_of(JSContext *ctx, JSValueConst value);
/* Adds the primitives that work on bytes. */
void bytes_primitives(JSContext *ctx, JSValueConst sys);
/* Wipes what was read for the program last. */
void sys_wipe(void);
/* Evaluates the prelude that the builder offers, and answers the object that its files share. */
JSValue prelude_run(JSContext *ctx, bool *strip);
/* The module of the prelude that has this name, with or without `node:`, counted from PRELUDE_MODULES; NO_MODULE if none. */
uint32_t prelude_find(const char *name);
/* The name of the module at such an index. */
const char *prelude_name(uint32_t index);
/* The exports of the module of that name, which prelude_find knows. */
JSValue prelude_exports(JSContext *ctx, const char *name);

#endif
