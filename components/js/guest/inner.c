/* Modules of wasm that run within this context: the primitives of which ../prelude/web/95-webassembly.js makes `WebAssembly`.
 *
 * A value crosses as a word of 8 bytes. Numbers are converted here; references are words for the prelude too, which keeps what they
 * stand for. What a function of the program throws when a module calls it stays in `thrown` until the module has been unwound.
 * Invariant: between a conversion, which may run code of the program, and the call nothing is kept that such code could take away. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define PRIMITIVE(name) static JSValue name(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
#define PAGE_BYTES 4096u
/* Room for a call's words at least: a text that says why it trapped fits in. */
#define WORDS_MIN 128u
/* The standard allows no function more parameters or results. */
#define TYPES_MAX 1000u

enum inner_end { RETURNED = 0, THREW = 1, TRAPPED = 2, EXHAUSTED = 3, GREW = 256 };

struct signature {
    uint32_t parameters, results;
    char types[]; /* of the parameters, then of the results: i I f F, else a reference */
};

/* A function of the program that modules call. */
struct own {
    JSValue function;
    struct signature *signature;
};

static struct signature **signatures;
static struct own *owns;
static uint32_t signature_count, own_count;
/* Words that a call of any of the program's functions takes. */
static uint32_t words_needed = WORDS_MIN;
static JSValue thrown, make_error, look_at_memories;

static uint32_t handle(void)
{
    return handle_of(ROLE_COMPUTE);
}

/* Makes room for one more element of a list that grows by doubling. */
static bool room_for(void **list, uint32_t count, size_t size)
{
    void *larger;

    if (count & (count - 1))
        return true;
    larger = realloc(*list, (count ? count * 2 : 1) * size);
    if (larger)
        *list = larger;
    return larger != NULL;
}

static struct signature *signature_of(JSContext *ctx, JSValueConst parameters, JSValueConst results)
{
    size_t first, second;
    const char *one = JS_ToCStringLen(ctx, &first, parameters), *other = one ? JS_ToCStringLen(ctx, &second, results) : NULL;
    struct signature *signature = NULL;

    if (other && first <= TYPES_MAX && second <= TYPES_MAX) {
        signature = malloc(sizeof *signature + first + second);
        if (signature) {
            signature->parameters = (uint32_t)first;
            signature->results = (uint32_t)second;
            memcpy(signature->types, one, first);
            memcpy(signature->types + first, other, second);
        }
    }
    JS_FreeCString(ctx, one);
    JS_FreeCString(ctx, other);
    if (!signature)
        JS_ThrowOutOfMemory(ctx);
    return signature;
}

static uint32_t most_of(const struct signature *signature)
{
    return signature->parameters > signature->results ? signature->parameters : signature->results;
}

/* ---- values ---- */

static bool to_word(JSContext *ctx, JSValueConst value, char type, uint64_t *word)
{
    union { float f; uint32_t bits; } narrow;
    union { double f; uint64_t bits; } wide;
    int32_t small;
    int64_t large;

    switch (type) {
    case 'i':
        if (JS_ToInt32(ctx, &small, value) < 0)
            return false;
        *word = (uint32_t)small;
        return true;
    case 'I':
        if (JS_ToBigInt64(ctx, &large, value) < 0)
            return false;
        *word = (uint64_t)large;
        return true;
    case 'f':
        if (JS_ToFloat64(ctx, &wide.f, value) < 0)
            return false;
        narrow.f = (float)wide.f;
        *word = narrow.bits;
        return true;
    case 'F':
        if (JS_ToFloat64(ctx, &wide.f, value) < 0)
            return false;
        *word = wide.bits;
        return true;
    default:
        if (JS_ToInt64(ctx, &large, value) < 0)
            return false;
        *word = (uint64_t)large;
        return true;
    }
}

static JSValue of_word(JSContext *ctx, uint64_t word, char type)
{
    union { float f; uint32_t bits; } narrow = { .bits = (uint32_t)word };
    union { double f; uint64_t bits; } wide = { .bits = word };

    switch (type) {
    case 'i':
        return JS_NewInt32(ctx, (int32_t)word);
    case 'I':
        return JS_NewBigInt64(ctx, (int64_t)word);
    case 'f':
        return JS_NewFloat64(ctx, (double)narrow.f);
    case 'F':
        return JS_NewFloat64(ctx, wide.f);
    default:
        return JS_NewInt64(ctx, (int64_t)word);
    }
}

/* innerWord(value, type): its word, as a bigint */
PRIMITIVE(inner_word)
{
    const char *type = JS_ToCString(ctx, argv[1]);
    uint64_t word;
    bool converted = type && to_word(ctx, argv[0], type[0], &word);

    JS_FreeCString(ctx, type);
    return converted ? JS_NewBigUint64(ctx, word) : JS_EXCEPTION;
}

/* innerValue(word, type): the value of which innerWord makes that word */
PRIMITIVE(inner_value)
{
    const char *type = JS_ToCString(ctx, argv[1]);
    int64_t word;
    JSValue value = JS_EXCEPTION;

    if (type && JS_ToBigInt64(ctx, &word, argv[0]) == 0)
        value = of_word(ctx, (uint64_t)word, type[0]);
    JS_FreeCString(ctx, type);
    return value;
}

/* ---- the program calls ---- */

/* A memory that is shown has grown: its buffer is no longer that memory. */
static void memory_grew(JSContext *ctx)
{
    JSValue pending = JS_GetException(ctx), done = JS_Call(ctx, look_at_memories, JS_UNDEFINED, 0, NULL);

    JS_FreeValue(ctx, done);
    if (!JS_IsUninitialized(pending))
        JS_Throw(ctx, pending);
}

/* How something ended, without the flag. */
static int64_t end_of(JSContext *ctx, int64_t end)
{
    if (end < 0 || !(end & GREW))
        return end;
    memory_grew(ctx);
    return end & ~(int64_t)GREW;
}

/* Throws what a call that did not return is about. `text` ends somewhere within `room` bytes. */
static JSValue ended(JSContext *ctx, int64_t end, const char *text, size_t room)
{
    JSValue arguments[2], error;

    if (end == THREW) {
        error = thrown;
        thrown = JS_UNDEFINED;
        return JS_Throw(ctx, error);
    }
    if (end == EXHAUSTED)
        return JS_ThrowRangeError(ctx, "Maximum call stack size exceeded");
    arguments[0] = JS_NewInt64(ctx, end);
    arguments[1] = text_decode(ctx, (const uint8_t *)text, strnlen(text, room), false);
    error = JS_Call(ctx, make_error, JS_UNDEFINED, 2, (JSValueConst *)arguments);
    JS_FreeValue(ctx, arguments[0]);
    JS_FreeValue(ctx, arguments[1]);
    return JS_IsException(error) ? error : JS_Throw(ctx, error);
}

static JSValue call(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int magic, JSValueConst *data)
{
    const struct signature *signature = signatures[magic];
    uint32_t parameters = signature->parameters, results = signature->results;
    uint32_t room = most_of(signature) > words_needed ? most_of(signature) : words_needed;
    const char *types = signature->types + parameters;
    uint64_t words[room];
    uint32_t item;
    int64_t end;
    JSValue array;

    for (uint32_t i = 0; i < parameters; i++)
        if (!to_word(ctx, i < (uint32_t)argc ? argv[i] : JS_UNDEFINED, signature->types[i], &words[i]))
            return JS_EXCEPTION;
    JS_ToUint32(ctx, &item, data[0]);
    end = end_of(ctx, call_ctl(handle(), CTL_INNER_CALL, slice(words, parameters * 8), slice(words, room * 8), item));
    if (end != RETURNED)
        return ended(ctx, end, (const char *)words, room * 8);
    if (results == 0)
        return JS_UNDEFINED;
    if (results == 1)
        return of_word(ctx, words[0], types[0]);
    array = JS_NewArray(ctx);
    for (uint32_t i = 0; i < results && !JS_IsException(array); i++)
        JS_DefinePropertyValueUint32(ctx, array, i, of_word(ctx, words[i], types[i]), JS_PROP_C_W_E);
    return array;
}

/* innerFunction(item, parameters, results): a function that calls that item */
PRIMITIVE(inner_function)
{
    struct signature *signature = signature_of(ctx, argv[1], argv[2]);
    uint32_t at = 0;

    if (!signature)
        return JS_EXCEPTION;
    while (at < signature_count && (signatures[at]->parameters != signature->parameters ||
                                    signatures[at]->results != signature->results ||
                                    memcmp(signatures[at]->types, signature->types, signature->parameters + signature->results)))
        at++;
    if (at < signature_count) {
        free(signature);
    } else if (room_for((void **)&signatures, signature_count, sizeof *signatures)) {
        signatures[signature_count++] = signature;
    } else {
        free(signature);
        return JS_ThrowOutOfMemory(ctx);
    }
    return JS_NewCFunctionData(ctx, call, (int)signatures[at]->parameters, (int)at, 1, argv);
}

/* innerInstantiate(module, imports, exports): fills `exports`; throws what a function of the program threw, or that it trapped */
PRIMITIVE(inner_instantiate)
{
    uint8_t *from, *into;
    size_t given, room;
    int64_t module, end;
    uint64_t *words;
    JSValue done = JS_UNDEFINED;

    if (JS_ToInt64(ctx, &module, argv[0]) < 0)
        return JS_EXCEPTION;
    if (!b8g_bytes(argv[1], &from, &given) || !b8g_bytes(argv[2], &into, &room))
        return JS_ThrowTypeError(ctx, "a view is expected");
    if (room < words_needed * 8)
        room = words_needed * 8;
    words = malloc(room);
    if (!words)
        return JS_ThrowOutOfMemory(ctx);
    end = end_of(ctx, call_ctl(handle(), CTL_INNER_INSTANTIATE, slice(from, given), slice(words, room), module));
    if (end != RETURNED)
        done = ended(ctx, end, (const char *)words, room);
    else if (b8g_bytes(argv[2], &into, &given))
        memcpy(into, words, given < room ? given : room);
    free(words);
    return done;
}

/* ---- modules call ---- */

/* innerOwn(function, parameters, results): the token by which modules call a function of the program */
PRIMITIVE(inner_own)
{
    struct signature *signature = signature_of(ctx, argv[1], argv[2]);

    if (!signature)
        return JS_EXCEPTION;
    if (!room_for((void **)&owns, own_count, sizeof *owns)) {
        free(signature);
        return JS_ThrowOutOfMemory(ctx);
    }
    if (most_of(signature) > words_needed)
        words_needed = most_of(signature);
    owns[own_count] = (struct own){ JS_DupValue(ctx, argv[0]), signature };
    return JS_NewUint32(ctx, own_count++);
}

/* What a function returned, as words; an array if there are several. */
static bool results_of(JSContext *ctx, JSValueConst value, const struct signature *signature, uint64_t *words)
{
    const char *types = signature->types + signature->parameters;
    bool converted = true;

    if (signature->results == 1)
        return to_word(ctx, value, types[0], words);
    for (uint32_t i = 0; i < signature->results && converted; i++) {
        JSValue element = JS_GetPropertyUint32(ctx, value, i);
        converted = !JS_IsException(element) && to_word(ctx, element, types[i], &words[i]);
        JS_FreeValue(ctx, element);
    }
    return converted;
}

int32_t inner_called(JSContext *ctx, uint32_t token, bool grew, uint64_t *words)
{
    struct own own = owns[token];
    uint32_t count = own.signature->parameters;
    JSValue arguments[count + 1], value;
    bool converted;

    if (grew)
        memory_grew(ctx);
    for (uint32_t i = 0; i < count; i++)
        arguments[i] = of_word(ctx, words[i], own.signature->types[i]);
    value = JS_Call(ctx, own.function, JS_UNDEFINED, (int)count, (JSValueConst *)arguments);
    for (uint32_t i = 0; i < count; i++)
        JS_FreeValue(ctx, arguments[i]);
    converted = !JS_IsException(value) && results_of(ctx, value, own.signature, words);
    JS_FreeValue(ctx, value);
    if (converted)
        return RETURNED;
    thrown = JS_GetException(ctx);
    return THREW;
}

/* ---- memories ---- */

/* Where a memory is shown, and the block that it lies in. */
struct shown {
    uint32_t item;
    void *block;
};

/* Memory of a buffer cannot be made larger or smaller, only given up. */
static void *give_up(JSRuntime *rt, void *opaque, void *bytes, size_t size)
{
    struct shown *shown = opaque;

    if (size != 0)
        return NULL;
    /* What still shows a memory must not be used for anything else. */
    if (call_ctl(handle(), CTL_INNER_UNMAP, 0, 0, shown->item) == 0)
        free(shown->block);
    free(shown);
    return NULL;
}

/* innerBuffer(item, length): a buffer that is the memory */
PRIMITIVE(inner_buffer)
{
    struct shown *shown;
    uint32_t item;
    int64_t length;
    uint64_t at;

    if (JS_ToUint32(ctx, &item, argv[0]) < 0 || JS_ToInt64(ctx, &length, argv[1]) < 0)
        return JS_EXCEPTION;
    if (length > INT32_MAX - 2 * (int64_t)PAGE_BYTES)
        return JS_ThrowRangeError(ctx, "a memory of more than 2 GiB cannot be shown as a buffer");
    if (length == 0)
        return JS_NewArrayBufferCopy(ctx, NULL, 0);
    shown = malloc(sizeof *shown);
    if (shown)
        *shown = (struct shown){ item, malloc((size_t)length + PAGE_BYTES) };
    if (!shown || !shown->block) {
        free(shown);
        return JS_ThrowOutOfMemory(ctx);
    }
    at = ((uintptr_t)shown->block + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
    if (call_ctl(handle(), CTL_INNER_MAP, slice(&at, sizeof at), 0, item) != length) {
        free(shown->block);
        free(shown);
        return JS_ThrowInternalError(ctx, "the memory cannot be shown");
    }
    return JS_NewArrayBuffer(ctx, (uint8_t *)(uintptr_t)at, (size_t)length, 0, give_up, shown, false);
}

bool b8g_is_fixed(JSReallocArrayBufferDataFunc *function)
{
    return function == give_up;
}

/* innerDetach(buffer) */
PRIMITIVE(inner_detach)
{
    JS_DetachArrayBuffer(ctx, argv[0]);
    return JS_UNDEFINED;
}

/* innerSetup(make): what makes an error of how a call ended and a text */
PRIMITIVE(inner_setup)
{
    make_error = JS_DupValue(ctx, argv[0]);
    thrown = JS_UNDEFINED;
    return JS_UNDEFINED;
}

/* innerGrew(look): what looks for memories that have grown */
PRIMITIVE(inner_grew)
{
    look_at_memories = JS_DupValue(ctx, argv[0]);
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry primitives[] = {
    JS_CFUNC_DEF("innerSetup", 1, inner_setup),
    JS_CFUNC_DEF("innerGrew", 1, inner_grew),
    JS_CFUNC_DEF("innerWord", 2, inner_word),
    JS_CFUNC_DEF("innerValue", 2, inner_value),
    JS_CFUNC_DEF("innerFunction", 3, inner_function),
    JS_CFUNC_DEF("innerInstantiate", 3, inner_instantiate),
    JS_CFUNC_DEF("innerOwn", 3, inner_own),
    JS_CFUNC_DEF("innerBuffer", 2, inner_buffer),
    JS_CFUNC_DEF("innerDetach", 1, inner_detach),
};

void inner_primitives(JSContext *ctx, JSValueConst sys)
{
    JS_SetPropertyFunctionList(ctx, sys, primitives, sizeof primitives / sizeof primitives[0]);
}
