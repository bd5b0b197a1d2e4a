/* HTTP for the prelude: heads of exchanges as lists of strings, and bodies straight out of and into memory.
 *
 * Start at the table of primitives. A head is one flat list: what stands before the fields, then names and values in turn;
 * every string of it is one of bytes (`docs/abi.md`). What a legal name, value or status is the prelude checks, and the host
 * again. Invariant: what the host tells is read within the bytes that it wrote. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define HEAD_BYTES_MAX (64 << 10)
#define WHOLE_BYTES_MAX (64 << 10)
#define SMALL_HEAD 2048
#define PARTS_MAX (4 + 2 * 256)
#define TIMES 3

static uint32_t unanswered; /* requests that the program was given and has not answered */

uint32_t http_unanswered(void)
{
    return unanswered;
}

void http_begin(void)
{
    unanswered++;
}

/* ---- what is told ---- */

/* A string of one character for each byte. */
static JSValue byte_string(JSContext *ctx, const uint8_t *bytes, size_t length)
{
    size_t more = 0, at = 0;
    uint8_t *wide;
    JSValue string;

    for (size_t i = 0; i < length; i++)
        more += bytes[i] >> 7;
    if (!more)
        return JS_NewStringLen(ctx, (const char *)bytes, length);
    wide = malloc(length + more);
    if (!wide)
        return JS_ThrowOutOfMemory(ctx);
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] < 0x80) {
            wide[at++] = bytes[i];
        } else {
            wide[at++] = 0xC0 | bytes[i] >> 6;
            wide[at++] = 0x80 | (bytes[i] & 0x3F);
        }
    }
    string = JS_NewStringLen(ctx, (char *)wide, at);
    free(wide);
    return string;
}

struct reader {
    const uint8_t *at, *end;
    bool wrong;
};

static uint32_t take_word(struct reader *from)
{
    uint32_t word;

    if (from->end - from->at < (ptrdiff_t)sizeof word) {
        from->wrong = true;
        return 0;
    }
    memcpy(&word, from->at, sizeof word);
    from->at += sizeof word;
    return word;
}

static JSValue take_text(JSContext *ctx, struct reader *from, uint32_t length)
{
    const uint8_t *text = from->at;

    if (from->wrong || (size_t)(from->end - from->at) < length) {
        from->wrong = true;
        return JS_UNDEFINED;
    }
    from->at += length;
    return byte_string(ctx, text, length);
}

static JSValue head_list(JSContext *ctx, const uint8_t *bytes, size_t length, bool response)
{
    struct reader from = { bytes, bytes + length, false };
    JSValue parts[PARTS_MAX];
    uint32_t count = 0;

    if (response) {
        parts[count++] = JS_NewUint32(ctx, take_word(&from));
        take_word(&from);
    } else {
        uint32_t lengths[4];
        for (int i = 0; i < 4; i++)
            lengths[i] = take_word(&from);
        for (int i = 0; i < 2 * TIMES; i++)
            take_word(&from);
        for (int i = 0; i < 4; i++)
            parts[count++] = take_text(ctx, &from, lengths[i]);
    }
    while (!from.wrong && from.at < from.end && count + 2 <= PARTS_MAX) {
        uint32_t name = take_word(&from), value = take_word(&from);
        parts[count++] = take_text(ctx, &from, name);
        parts[count++] = take_text(ctx, &from, value);
    }
    if (!from.wrong)
        return JS_NewArrayFrom(ctx, (int)count, parts);
    while (count > 0)
        JS_FreeValue(ctx, parts[--count]);
    return JS_NewInt64(ctx, E_IO);
}

/* httpHead(handle, response): [method, scheme, authority, path, …] or [status, …], or an error */
static JSValue http_head(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    uint32_t handle = sys_handle_of(ctx, argv[0]);
    bool response = JS_ToBool(ctx, argv[1]) == 1;
    uint8_t small[SMALL_HEAD], *bytes = small;
    int64_t length = call_ctl(handle, CTL_HTTP_HEAD, 0, slice(small, sizeof small), 0);
    JSValue list;

    if (length > HEAD_BYTES_MAX)
        return JS_NewInt64(ctx, E_LIMIT);
    if (length > (int64_t)sizeof small) {
        size_t room = (size_t)length;
        bytes = malloc(room);
        if (!bytes)
            return JS_ThrowOutOfMemory(ctx);
        length = call_ctl(handle, CTL_HTTP_HEAD, 0, slice(bytes, room), 0);
        if (length > (int64_t)room)
            length = E_LIMIT;
    }
    list = length < 0 ? JS_NewInt64(ctx, length) : head_list(ctx, bytes, (size_t)length, response);
    if (bytes != small)
        free(bytes);
    return list;
}

/* ---- what is said ---- */

/* A head that grows. */
struct writer {
    uint8_t *bytes;
    size_t length, room;
    bool large, lost; /* larger than a head may be; no memory, with an exception thrown */
};

static uint8_t *reserve(JSContext *ctx, struct writer *to, size_t more)
{
    if (to->large || to->lost)
        return NULL;
    if (to->length + more > HEAD_BYTES_MAX + WHOLE_BYTES_MAX) {
        to->large = true;
        return NULL;
    }
    if (to->length + more > to->room) {
        size_t room = 2 * (to->length + more);
        uint8_t *bytes = realloc(to->bytes, room);
        if (!bytes) {
            JS_ThrowOutOfMemory(ctx);
            to->lost = true;
            return NULL;
        }
        to->bytes = bytes;
        to->room = room;
    }
    to->length += more;
    return to->bytes + to->length - more;
}

static void put_bytes(JSContext *ctx, struct writer *to, const void *bytes, size_t length)
{
    uint8_t *place = reserve(ctx, to, length);

    if (place)
        memcpy(place, bytes, length);
}

static void put_word(JSContext *ctx, struct writer *to, size_t word)
{
    uint32_t small = (uint32_t)word;

    put_bytes(ctx, to, &small, sizeof small);
}

/* The bytes of a string of bytes; answers how many. */
static size_t put_text(JSContext *ctx, struct writer *to, JSValueConst string)
{
    size_t length, at = 0;
    const char *text = JS_ToCStringLen(ctx, &length, string);
    uint8_t *place;

    if (!text) {
        to->lost = true;
        return 0;
    }
    place = reserve(ctx, to, length);
    if (place) {
        for (size_t i = 0; i < length; i++) {
            uint8_t byte = (uint8_t)text[i];
            if (byte >= 0xC0 && i + 1 < length)
                byte = (uint8_t)(byte << 6 | ((uint8_t)text[++i] & 0x3F));
            place[at++] = byte;
        }
        to->length -= length - at;
    }
    JS_FreeCString(ctx, text);
    return at;
}

/* Writes the length of what was written last where room for it was left. */
static void set_word(struct writer *to, size_t place, size_t word)
{
    uint32_t small = (uint32_t)word;

    if (!to->large && !to->lost)
        memcpy(to->bytes + place, &small, sizeof small);
}

static bool is(const char *name, size_t length, const char *other)
{
    return strlen(other) == length && memcmp(name, other, length) == 0;
}

/* True for fields that are the connection's affair: the host says them itself, and refuses others' words. */
static bool of_the_connection(const char *name, size_t length)
{
    static const char *const names[] = {
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host", "te", "http2-settings",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is(name, length, names[i]))
            return true;
    return false;
}

/* The fields of a flat list, without those of the connection, and if it is `counted` without what says how long the body is. */
static void put_fields(JSContext *ctx, struct writer *to, JSValueConst list, bool counted)
{
    int64_t length = 0;

    if (!JS_IsObject(list) || JS_GetLength(ctx, list, &length) < 0)
        length = 0;
    for (int64_t i = 0; i + 1 < length; i += 2) {
        JSValue name = JS_GetPropertyInt64(ctx, list, i), value = JS_GetPropertyInt64(ctx, list, i + 1);
        size_t start = to->length, name_length, value_length;
        const char *text;
        put_word(ctx, to, 0);
        put_word(ctx, to, 0);
        name_length = put_text(ctx, to, name);
        text = to->bytes ? (const char *)to->bytes + start + 8 : "";
        if (!to->large && !to->lost
            && (of_the_connection(text, name_length) || (counted && is(text, name_length, "content-length")))) {
            to->length = start;
        } else {
            value_length = put_text(ctx, to, value);
            set_word(to, start, name_length);
            set_word(to, start + 4, value_length);
        }
        JS_FreeValue(ctx, name);
        JS_FreeValue(ctx, value);
    }
}

static void put_length(JSContext *ctx, struct writer *to, size_t length)
{
    static const char name[] = "content-length";
    char digits[20];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + length % 10);
    while ((length /= 10) > 0);
    put_word(ctx, to, sizeof name - 1);
    put_word(ctx, to, sizeof digits - at);
    put_bytes(ctx, to, name, sizeof name - 1);
    put_bytes(ctx, to, digits + at, sizeof digits - at);
}

/* What came of it: an exception, that it was too large, or what the host answers. */
static JSValue written(JSContext *ctx, struct writer *head, int64_t answer)
{
    bool lost = head->lost, large = head->large;

    free(head->bytes);
    if (lost)
        return JS_EXCEPTION;
    return JS_NewInt64(ctx, large ? E_LIMIT : answer);
}

/* httpSend(net, [method, scheme, authority, path], fields, body or 4 for a WebSocket): a handle, or an error */
static JSValue http_send(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    uint32_t net = sys_handle_of(ctx, argv[0]);
    struct writer head = { 0 };
    int64_t answer = 0;

    for (int i = 0; i < 4 + 2 * TIMES; i++)
        put_word(ctx, &head, 0);
    for (uint32_t i = 0; i < 4; i++) {
        JSValue text = JS_GetPropertyUint32(ctx, argv[1], i);
        set_word(&head, i * 4, put_text(ctx, &head, text));
        JS_FreeValue(ctx, text);
    }
    put_fields(ctx, &head, argv[2], false);
    if (!head.lost && !head.large)
        answer = call_ctl(net, CTL_HTTP, slice(head.bytes, head.length), 0,
                          JS_IsNumber(argv[3]) ? HTTP_WEBSOCKET : JS_ToBool(ctx, argv[3]) == 1 ? HTTP_BODY : 0);
    return written(ctx, &head, answer);
}

/* httpRespond(handle, status, fields, body): 0 if all was said, 1 if the body is to be written, or an error. The body is
 * undefined, true if it will be written, a string or bytes. */
static JSValue http_respond(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    uint32_t handle = sys_handle_of(ctx, argv[0]);
    bool follows = JS_IsBool(argv[3]), is_text = JS_IsString(argv[3]);
    struct writer head = { 0 };
    const uint8_t *bytes = NULL;
    uint8_t *memory;
    struct text text;
    size_t length = 0;
    int64_t answer = 0, flags = follows ? HTTP_BODY : 0;

    if (is_text) {
        if (!text_of(ctx, argv[3], &text))
            return JS_EXCEPTION;
        bytes = (const uint8_t *)text.bytes;
        length = text.length;
    } else if (b8g_bytes(argv[3], &memory, &length)) {
        bytes = memory;
    }
    put_word(ctx, &head, sys_handle_of(ctx, argv[1]));
    put_word(ctx, &head, 0);
    put_fields(ctx, &head, argv[2], bytes != NULL);
    if (bytes) {
        put_length(ctx, &head, length);
        if (length > WHOLE_BYTES_MAX) {
            flags = HTTP_BODY;
        } else {
            put_bytes(ctx, &head, bytes, length);
            flags = (int64_t)(HTTP_WHOLE | (uint64_t)length << 32);
        }
    }
    if (!head.lost && !head.large) {
        answer = call_ctl(handle, CTL_HTTP_RESPOND, slice(head.bytes, head.length), 0, flags);
        if (answer == 0 && flags == HTTP_BODY)
            answer = 1;
    }
    if (is_text)
        text_free(ctx, &text);
    return written(ctx, &head, answer);
}

/* ---- bodies ---- */

/* readAt(handle, bytes, at): reads to that place on: how many, 0 at the end, or an error */
static JSValue read_at(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    uint32_t handle = sys_handle_of(ctx, argv[0]), at = sys_handle_of(ctx, argv[2]);
    uint8_t *bytes;
    size_t length;

    if (!b8g_bytes(argv[1], &bytes, &length) || at > length)
        return JS_NewInt64(ctx, E_ARG);
    return JS_NewInt64(ctx, b8g_call(OP_READ, (int32_t)handle, (intptr_t)bytes + (intptr_t)at, (int64_t)(length - at), -1, 0));
}

/* writeAt(handle, bytes, at): writes from that place on what there is room for: the place after it, or an error */
static JSValue write_at(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    uint32_t handle = sys_handle_of(ctx, argv[0]), at = sys_handle_of(ctx, argv[2]);
    uint8_t *bytes;
    size_t length;

    if (!b8g_bytes(argv[1], &bytes, &length) || at > length)
        return JS_NewInt64(ctx, E_ARG);
    while (at < length) {
        int64_t n = b8g_call(OP_WRITE, (int32_t)handle, (intptr_t)bytes + (intptr_t)at, (int64_t)(length - at), -1, 0);
        if (n == E_AGAIN)
            break;
        if (n <= 0 || (uint64_t)n > length - at)
            return JS_NewInt64(ctx, n < 0 ? n : E_IO);
        at += (uint32_t)n;
    }
    return JS_NewInt64(ctx, at);
}

/* find(bytes, wanted, from): where it is, or -1 */
static JSValue find(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    uint32_t from = sys_handle_of(ctx, argv[2]);
    uint8_t *bytes, *wanted;
    size_t length, wanted_length;

    if (!b8g_bytes(argv[0], &bytes, &length) || !b8g_bytes(argv[1], &wanted, &wanted_length) || wanted_length == 0)
        return JS_NewInt64(ctx, -1);
    while (from < length && length - from >= wanted_length) {
        uint8_t *first = memchr(bytes + from, wanted[0], length - from - wanted_length + 1);
        if (!first)
            break;
        if (memcmp(first, wanted, wanted_length) == 0)
            return JS_NewInt64(ctx, first - bytes);
        from = (uint32_t)(first - bytes) + 1;
    }
    return JS_NewInt64(ctx, -1);
}

/* answered(): one more of the requests is answered */
static JSValue answered(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    if (unanswered > 0)
        unanswered--;
    return JS_UNDEFINED;
}

/* collect(): gives up what nobody reaches */
static JSValue collect(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    JS_RunGC(JS_GetRuntime(ctx));
    return JS_UNDEFINED;
}

/* mask(bytes, at, key of four bytes): each byte from there on is combined with the next one of the key */
static JSValue mask(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    uint8_t *bytes, *key;
    size_t length, key_length;
    uint32_t at = sys_handle_of(ctx, argv[1]);

    if (b8g_bytes(argv[0], &bytes, &length) && b8g_bytes(argv[2], &key, &key_length) && key_length == 4)
        for (size_t i = at; i < length; i++)
            bytes[i] ^= key[(i - at) & 3];
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry primitives[] = {
    JS_CFUNC_DEF("mask", 3, mask),
    JS_CFUNC_DEF("httpHead", 2, http_head),
    JS_CFUNC_DEF("httpSend", 4, http_send),
    JS_CFUNC_DEF("httpRespond", 4, http_respond),
    JS_CFUNC_DEF("readAt", 3, read_at),
    JS_CFUNC_DEF("writeAt", 3, write_at),
    JS_CFUNC_DEF("find", 3, find),
    JS_CFUNC_DEF("answered", 0, answered),
    JS_CFUNC_DEF("collect", 0, collect),
};

void http_primitives(JSContext *ctx, JSValueConst sys)
{
    JS_SetPropertyFunctionList(ctx, sys, primitives, sizeof primitives / sizeof primitives[0]);
}
