/* The PROGRAM blob (docs/abi.md): modules, what their imports mean, and where generated code came from.
 *
 * The blob is read into memory whole and checked once; everything else here trusts the checked offsets. Invariant: no
 * offset of the blob is used before `check` has accepted it. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 24
#define RECORD_SIZE 40
#define IMPORT_SIZE 12
#define MAP_ENTRY_SIZE 16
#define MODULES_MAX (1u << 20)

static const char magic[8] = { 'b', '8', 'g', 'j', 's', 0, 0, 1 };

struct record {
    uint32_t kind, name, name_length, source, source_length, map, map_count, imports, import_count, reserved;
};

static struct {
    uint8_t *bytes;
    size_t size;
    uint32_t count, entry, records;
    uint32_t *names;      /* hash table: module index + 1 */
    uint32_t names_mask;
    uint32_t **lines;     /* for each module: where its lines begin, made when first needed */
} program;

static uint32_t word(size_t offset)
{
    uint32_t value;

    memcpy(&value, program.bytes + offset, sizeof value);
    return value;
}

static struct record record(uint32_t index)
{
    struct record record;

    memcpy(&record, program.bytes + program.records + (size_t)index * RECORD_SIZE, sizeof record);
    return record;
}

static bool within(uint64_t offset, uint64_t count, uint64_t each)
{
    return offset + count * each <= program.size;
}

static bool check_text(uint32_t offset, uint32_t length)
{
    return within(offset, (uint64_t)length + 1, 1) && program.bytes[(size_t)offset + length] == 0;
}

static const char *check_record(struct record r)
{
    if (r.kind > MODULE_BUILTIN)
        return "the program has a module of an unknown kind";
    if (!check_text(r.name, r.name_length) || !check_text(r.source, r.source_length))
        return "a text of the program lies outside of it";
    if (!within(r.map, r.map_count, MAP_ENTRY_SIZE) || !within(r.imports, r.import_count, IMPORT_SIZE))
        return "a table of the program lies outside of it";
    for (uint32_t i = 0; i < r.import_count; i++) {
        size_t at = r.imports + (size_t)i * IMPORT_SIZE;
        uint32_t target = word(at + 8);
        if (!within(word(at), word(at + 4), 1) || (target >= program.count && target != NO_MODULE))
            return "an import of the program leads outside of it";
    }
    return NULL;
}

static const char *check(void)
{
    if (program.size < HEADER_SIZE || memcmp(program.bytes, magic, sizeof magic) != 0)
        return "this is not a JavaScript program for this component, or it is of another version";
    program.count = word(8);
    program.entry = word(12);
    program.records = word(16);
    if (program.count == 0 || program.count > MODULES_MAX || program.entry >= program.count)
        return "the program has no entry module";
    if (!within(program.records, program.count, RECORD_SIZE))
        return "the program is cut off";
    for (uint32_t i = 0; i < program.count; i++) {
        const char *wrong = check_record(record(i));
        if (wrong)
            return wrong;
    }
    return NULL;
}

static uint32_t hash(const char *name, size_t length)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < length; i++)
        h = (h ^ (uint8_t)name[i]) * 16777619u;
    return h ^ h >> 15;
}

static bool index_names(void)
{
    uint32_t size = 4;

    while (size < program.count * 2)
        size *= 2;
    program.names = calloc(size, sizeof *program.names);
    program.lines = calloc(program.count, sizeof *program.lines);
    if (!program.names || !program.lines)
        return false;
    program.names_mask = size - 1;
    for (uint32_t i = 0; i < program.count; i++) {
        struct record r = record(i);
        uint32_t at = hash((char *)program.bytes + r.name, r.name_length) & program.names_mask;
        while (program.names[at])
            at = (at + 1) & program.names_mask;
        program.names[at] = i + 1;
    }
    return true;
}

const char *program_load(uint32_t handle)
{
    struct { uint32_t kind, rights; uint64_t size; } info;
    const char *wrong;

    if (b8g_call(OP_INFO, (int32_t)handle, (intptr_t)&info, sizeof info, 0, 0) != sizeof info || info.size >= UINT32_MAX)
        return "the program cannot be read";
    program.size = (size_t)info.size;
    program.bytes = malloc(program.size + 1);
    if (!program.bytes) {
        b8g_out_of_memory();
        return "out of memory: the program does not fit";
    }
    if (read_all(handle, program.bytes, program.size, 0) != (int64_t)program.size)
        return "the program cannot be read";
    wrong = check();
    if (!wrong && !index_names()) {
        b8g_out_of_memory();
        wrong = "out of memory: the program does not fit";
    }
    if (wrong)
        program.count = 0;
    return wrong;
}

uint32_t program_modules(void)
{
    return program.count;
}

uint32_t program_entry(void)
{
    return program.entry;
}

struct module_text program_module(uint32_t index)
{
    struct record r = record(index);

    return (struct module_text){ r.kind, (char *)program.bytes + r.name, r.name_length,
                                 (char *)program.bytes + r.source, r.source_length };
}

char *program_source(uint32_t index)
{
    return (char *)program.bytes + record(index).source;
}

/* ---- the texts of functions, which are texts of the program ---- */

static struct {
    const char *text, *source;
    size_t length;
} alias;

void program_alias(const char *text, size_t offset, const char *source, size_t length)
{
    alias.text = text + offset;
    alias.source = source;
    alias.length = length;
}

static bool is_part(const char *text, size_t length, const char *of, size_t of_length)
{
    return text >= of && text <= of + of_length && length <= (size_t)(of + of_length - text);
}

char *b8g_keep_source(JSContext *ctx, const char *text, int *length)
{
    size_t size = (size_t)*length;

    if (is_part(text, size, (char *)program.bytes, program.size))
        return (char *)text;
    if (alias.length && is_part(text, size, alias.text, alias.length))
        return (char *)alias.source + (text - alias.text);
    if (alias.length && is_part(alias.text, alias.length, text, size))
        *length = 0; /* what a CommonJS module is wrapped in: who asks that function for its text gets none */
    return js_strndup(ctx, text, (size_t)*length);
}

void b8g_drop_source(JSRuntime *rt, char *source)
{
    if (!source || !is_part(source, 0, (char *)program.bytes, program.size))
        js_free_rt(rt, source);
}

void program_compact(void)
{
    for (uint32_t i = 0; i < program.count; i++) {
        free(program.lines[i]);
        program.lines[i] = NULL;
    }
}

uint32_t program_find(const char *name, size_t length)
{
    if (program.count == 0)
        return NO_MODULE;
    for (uint32_t at = hash(name, length) & program.names_mask; program.names[at]; at = (at + 1) & program.names_mask) {
        struct record r = record(program.names[at] - 1);
        if (r.name_length == length && memcmp(program.bytes + r.name, name, length) == 0)
            return program.names[at] - 1;
    }
    return NO_MODULE;
}

bool program_import(uint32_t module, const char *specifier, size_t length, uint32_t *target)
{
    struct record r = record(module);

    for (uint32_t i = 0; i < r.import_count; i++) {
        size_t at = r.imports + (size_t)i * IMPORT_SIZE;
        if (word(at + 4) == length && memcmp(program.bytes + word(at), specifier, length) == 0) {
            *target = word(at + 8);
            return true;
        }
    }
    return false;
}

/* Where the lines of a source begin; NULL if there is no memory for it. The first word counts them. */
static uint32_t *lines_of(uint32_t index, struct record r)
{
    const uint8_t *source = program.bytes + r.source;
    uint32_t count = 1, *lines;

    if (program.lines[index])
        return program.lines[index];
    for (uint32_t i = 0; i < r.source_length; i++)
        count += source[i] == '\n';
    lines = malloc(((size_t)count + 1) * sizeof *lines);
    if (!lines)
        return NULL;
    lines[0] = count;
    lines[1] = 0;
    for (uint32_t i = 0, line = 2; i < r.source_length; i++)
        if (source[i] == '\n')
            lines[line++] = i + 1;
    return program.lines[index] = lines;
}

/* Turns a column in bytes into one in UTF-16 units; both count from 0. */
static uint32_t utf16_column(uint32_t index, struct record r, uint32_t line, uint32_t bytes)
{
    const uint8_t *source = program.bytes + r.source;
    uint32_t *lines = lines_of(index, r);
    uint32_t start, units;

    if (!lines || line >= lines[0])
        return bytes;
    start = lines[line + 1];
    if (bytes > r.source_length - start)
        bytes = r.source_length - start;
    units = bytes;
    for (uint32_t i = 0; i < bytes; i++) {
        uint8_t byte = source[start + i];
        units -= (byte & 0xC0) == 0x80; /* the following bytes of a character */
        units += byte >= 0xF0;          /* which takes two units */
    }
    return units;
}

/* Finds the last entry that is not after the position; false if its line has none. */
static bool map_find(struct record r, uint32_t line, uint32_t column, uint32_t found[4])
{
    uint32_t low = 0, high = r.map_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        size_t at = r.map + (size_t)middle * MAP_ENTRY_SIZE;
        if (word(at) < line || (word(at) == line && word(at + 4) <= column))
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return false;
    memcpy(found, program.bytes + r.map + (size_t)(low - 1) * MAP_ENTRY_SIZE, MAP_ENTRY_SIZE);
    return found[0] == line;
}

void b8g_map_position(const char *name, int *line, int *column)
{
    uint32_t index = program_find(name, strlen(name));
    uint32_t units, found[4];
    struct record r;

    if (index == NO_MODULE || *line < 1 || *column < 1)
        return;
    r = record(index);
    units = utf16_column(index, r, (uint32_t)*line - 1, (uint32_t)*column - 1);
    *column = (int)units + 1;
    if (r.map_count && map_find(r, (uint32_t)*line - 1, units, found)) {
        *line = (int)found[2] + 1;
        *column = (int)found[3] + 1;
    }
}

static bool names(uint8_t byte)
{
    uint8_t lower = byte | 0x20;

    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' || byte == '$' || byte == '#'
        || byte >= 0x80;
}

static bool blank(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

bool b8g_callee_at(const char *module_name, int line, int column, char name[B8G_CALLEE_ROOM])
{
    uint32_t index = program_find(module_name, strlen(module_name));
    const uint8_t *source;
    uint32_t *lines, start, end, behind;
    struct record r;

    if (index == NO_MODULE || line < 1 || column < 1)
        return false;
    r = record(index);
    lines = lines_of(index, r);
    if (!lines || (uint32_t)line > lines[0] || (uint32_t)column > r.source_length - lines[line])
        return false;
    source = program.bytes + r.source;
    start = lines[line] + (uint32_t)column - 1;
    for (end = start; end < r.source_length && names(source[end]); end++)
        ;
    for (behind = end; behind < r.source_length && blank(source[behind]); behind++)
        ;
    /* Anything else is more than a name: what is called is not what stands here. */
    if (end == start || behind == r.source_length || (source[behind] != '(' && source[behind] != '`'))
        return false;
    while (start > 1 && source[start - 1] == '.' && names(source[start - 2]))
        for (start--; start > 0 && names(source[start - 1]); start--)
            ;
    if (end - start >= B8G_CALLEE_ROOM || (source[start] >= '0' && source[start] <= '9'))
        return false;
    memcpy(name, source + start, end - start);
    name[end - start] = 0;
    return true;
}
