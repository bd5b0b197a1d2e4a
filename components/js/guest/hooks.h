/* What the patched engine source and the guest know of each other.
 *
 * The patches in ../patches include this file at the head of quickjs.c and inside.c at its end. Everything that needs the
 * engine's private types is in inside.c, so that the patches themselves stay a few lines each.
 * Invariant: nothing declared here runs code of the program, unless its comment says so. */
#ifndef B8G_HOOKS_H
#define B8G_HOOKS_H

#include "quickjs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes a function take that much more of the C stack. The engine measures recursion by the C stack, but WebAssembly keeps
 * most of a function's variables elsewhere: without this, recursion through some functions would exhaust that other stack,
 * and so the instance, before the engine throws a RangeError. See "The stack" in ../README.md. */
#define STACK_PAD(bytes)     \
    char stack_pad[bytes]; /* declared in the function's own scope, so that no other variable shares its place */ \
    __asm__ volatile("" : : "r"(stack_pad))

/* ---- called by the engine, defined by the guest ---- */

/* Replaces a position in the code that runs by the position in the file that the user wrote. Both count from 1; the
 * column comes in bytes and leaves in UTF-16 units. */
void b8g_map_position(const char *module_name, int *line, int *column);

/* Bytes of the name of what is called, its end included. */
#define B8G_CALLEE_ROOM 64

/* What a program calls at a position of its code, as it is written there: `a.b`. False if that is no plain name. */
bool b8g_callee_at(const char *module_name, int line, int column, char name[B8G_CALLEE_ROOM]);

/* The first state of Math.random: never 0. Called at the first use, because most contexts never need it. */
uint64_t b8g_random_seed(void);

/* Fills `import.meta` of a module when the program first reads it. */
int b8g_fill_import_meta(JSContext *ctx, JSModuleDef *module, JSValueConst meta);

/* Runs a CommonJS module that an ES module imports. A module with this initialiser gets the exports that others ask for. */
int b8g_commonjs_init(JSContext *ctx, JSModuleDef *module);

/* Where the text of a function is kept: in the program itself if it is a part of that, else in a copy. NULL if there is
 * no memory. The length may become 0. */
char *b8g_keep_source(JSContext *ctx, const char *text, int *length);
void b8g_drop_source(JSRuntime *rt, char *source);

/* Notes that an allocation failed. */
void b8g_out_of_memory(void);

/* Tells whether the memory of a buffer with that function is not the program's to give away. */
bool b8g_is_fixed(JSReallocArrayBufferDataFunc *function);

/* ---- defined in inside.c ---- */

/* Tells where the program is, as a stack trace, in the middle of whatever it does: allocates nothing and changes nothing. */
size_t b8g_where(JSContext *ctx, char *text, size_t room);

/* What the program keeps along chains of promises, timers and jobs: every job runs with the value that was there when it was
 * asked for. Undefined in most programs, which pay one comparison. */
extern JSValue b8g_async_context;

/* Makes a value, which it takes over, the current one, and gives the one before for b8g_async_leave. */
JSValue b8g_async_enter(JSValue context);
void b8g_async_leave(JSContext *ctx, JSValue outer);

/* A string of bytes that are characters of Latin-1. */
JSValue b8g_string_latin1(JSContext *ctx, const uint8_t *bytes, size_t length);

/* The characters of a string that JS_ToString gave, as bytes or as UTF-16 units, whichever it is made of. */
struct string_units {
    const uint8_t *narrow;
    const uint16_t *wide;
    size_t length;
};
struct string_units b8g_string_units(JSValueConst string);

/* How far a module has come. */
enum module_progress { MODULE_FRESH, MODULE_BUSY, MODULE_DONE };

/* What global scripts declared with let, const and class, as an object of names and values. */
JSValue b8g_lexicals(JSContext *ctx);

JSModuleDef *b8g_module_find(JSContext *ctx, const char *name);
enum module_progress b8g_module_progress(const JSModuleDef *module);

/* Evaluates a module whose code is loaded; the answer is a promise, or an exception when it cannot be linked. */
JSValue b8g_module_evaluate(JSContext *ctx, JSModuleDef *module);

/* Makes sure that a CommonJS module has an export of that name. */
int b8g_module_declare(JSContext *ctx, JSModuleDef *module, JSAtom name);

/* Gives every export but `default` the value of the property of its name; this may run getters of the program, and where
 * one throws the export is undefined. */
int b8g_module_fill(JSContext *ctx, JSModuleDef *module, JSValueConst exports);

/* Reads a property along the prototypes without running any code: getters and proxies count as absent. */
JSValue b8g_plain_property(JSContext *ctx, JSValueConst object, JSAtom name);

/* True for errors and DOMExceptions, whatever their prototype says. */
bool b8g_is_error(JSValueConst value);

/* The name or the message of an error, without running any code. */
JSValue b8g_error_property(JSContext *ctx, JSValueConst error, JSAtom name);

/* The stack lines of an error ("    at …"), or undefined: what `stack` was set to by the program does not matter. */
JSValue b8g_error_frames(JSContext *ctx, JSValueConst error);

/* The stack lines of the last value that was thrown and is not an error. */
JSValue b8g_thrown_frames(JSContext *ctx);

/* The memory of an ArrayBuffer or of a view on one. False, without an exception, for anything else or if it is gone. */
bool b8g_bytes(JSValueConst value, uint8_t **bytes, size_t *length);

/* Gives the hashes of every Map and Set that is made from now on another seed. Those that live keep theirs: it decides
 * where their entries lie. */
void b8g_reseed(JSContext *ctx, uint32_t seed);

/* Wipes what is free in the engine's own blocks. */
void b8g_wipe(JSRuntime *rt);

/* Makes Math.random ask for a new state. */
void b8g_forget_random(JSContext *ctx);

/* What the function on top of the stack calls, as it is written there. False if that is not known. */
bool b8g_callee(JSContext *ctx, char name[B8G_CALLEE_ROOM]);

/* Throws the error of a pattern that is none, in the words that other engines have. */
void b8g_throw_regexp(JSContext *ctx, const char *pattern, size_t length, JSValueConst flags, const char *why);

/* Drops what only debugging needs from every function, and takes all objects out of the garbage collector's sight. */
void b8g_seal(JSRuntime *rt, bool strip);

#endif
