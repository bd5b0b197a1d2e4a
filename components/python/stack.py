"""Makes deep recursion an error of Python instead of a trap: the last step of the making, on the finished component.

Start at `guard`. Code of WebAssembly has two stacks. CPython measures the one in its linear memory, and raises RecursionError when
that is used up. The other one, which the host keeps and nobody can measure from inside, holds return addresses and the
variables whose address nobody takes; when it is used up, the component traps. So what is measured must always be used up first:

- The limit of the stack that is measured is lowered to `LIMIT_BYTES`.
- Functions that recurse and keep little on it (destructors, `hash`, comparisons, visitors of syntax trees) are padded: each call
  of one takes `PAD_BYTES` of it.
- Functions that recurse and never look at the limit, where CPython on other machines crashes, are made to look.

And functions that CPython calls by a pointer of another type, which other machines do not mind and these do, are called through one of that type.

Nothing else of the component changes: a padded function's body moves to the end of its module, and what stays in its place calls it.

    python3 stack.py IN.wasm OUT.wasm
"""

import fnmatch
import pathlib
import struct
import sys

from wasm import Functions, Reader, assemble, number, sections, signed, types_of

# What CPython may use of the stack in linear memory, whose whole is 1 MiB, so that 1 MiB of the host's stack suffices.
LIMIT_BYTES = 192 << 10
PAD_BYTES = 96
# Where that stack ends; its soft limit, which raises, and its hard limit, which aborts, as componentize-py leaves them.
TOP, SOFT, HARD = 0x100000, 0x4000, 0x2000

# Functions of CPython that call themselves through others.
PADDED = """
    *_dealloc* *_repr* *_str *_richcompare *_hash object_isinstance object_issubclass object_recursive_isinstance recursive_issubclass
    abstract_issubclass unpack_classinfo* _Py_union_args _Py_make_parameters subs_tvars
    astfold_* validate_* symtable_* codegen_* compiler_* ast2obj_* obj2ast_* append_ast_* fold_* optimize_*
    w_object w_complex_object r_object save save_* load_* scan_once_* _parse_* encoder_listencode_* encoder_encode*
    *_next *_iternext gen_* async_gen_* coro_* slot_* partial_* PyObject_Repr PyObject_Str PyObject_Format do_richcompare
    mro_* type_call type_mro* update_subclasses recurse_down_subclasses type_modified* set_mro_error deepcopy* property_* *_descr_get copy_*
    bounded_lru_cache_wrapper infinite_lru_cache_wrapper uncached_lru_cache_wrapper element_* treebuilder_*
    exceptiongroup_* _io_* _buffered_* buffered* _textiowrapper_*
""".split()
# And those of them that cannot, of values that hold no others; they are called too often to be padded.
LEAVES = """
    unicode_* long_* float_* bytes_* bytearray_* range* listiter_next tupleiter_next dictiter_* setiter_* bytearrayiter_* unicode_iter*
    unicodeiter_* strio* stringio_* count_next rangeiter_next longrangeiter_next calliter_* object_dealloc none_* bool_*
    _PyObject_Call* method_vectorcall* cfunction_* code_hash
""".split()
# Functions that do not look at the limit (whether or not they are above), and what each answers when it has raised an error.
CHECKED = dict.fromkeys("tuple_hash frozenset_hash slice_hash method_hash ga_hash mappingproxy_hash mappingproxy_len mappingproxy_contains".split(), -1)
CHECKED |= dict.fromkeys(
    """
    accumulate_next batched_next chain_next compress_next cycle_next dropwhile_next enum_next filter_next filterfalse_next islice_next map_next
    pairwise_next reversed_next starmap_next takewhile_next tee_next zip_next zip_longest_next groupby_next anextawaitable_iternext
    method_vectorcall method_getattro wrapper_call sm_call partial_vectorcall partial_call ga_vectorcall ga_call ga_getattro
    mappingproxy_getitem mappingproxy_get mappingproxy_getiter mappingproxy_keys mappingproxy_values mappingproxy_items mappingproxy_copy
    mappingproxy_reversed mappingproxy_or
    descriptor_get_wrapped_attribute sm_get___isabstractmethod__ cm_get___isabstractmethod__ property_get___isabstractmethod__
    _io__Buffered_closed_get _io__Buffered_name_get _io__Buffered_mode_get _io_TextIOWrapper_closed_get _io_TextIOWrapper_name_get bufferedrwpair_closed_get
    _elementtree_Element___deepcopy___impl conv_content_model
    """.split(),
    0,
)
# Writes a value for `marshal`, and tells what fails by a number in the writer, its second parameter: 2 at 4 is "too deeply nested".
# It counts how deep it is, but begins anew for the members of a set.
WRITES, TOO_DEEP = "w_object", b"\x20\x01\x41\x02\x36\x02\x04\x0f"
# Functions that answer nothing, where their callers by pointer expect 0 (`tp_clear`: the collector would trap at a cycle with one in it).
SILENT = {"methodcaller_clear"}
# What looks at it: takes the text to end the message with, and answers 0 if all is well.
LOOK = "Py_EnterRecursiveCall"
# What the variable of the stack in linear memory is imported as.
STACK_POINTER = b"__stack_pointer"
# An empty text: the far end of the stack, which is never reached, is 0.
EMPTY_TEXT = 8


def pad(module):
    """A module with its recursive functions padded, and how many were."""
    own = Functions(module)
    if own.index("list_dealloc") is None:
        return module, 0
    types = types_of(own.content[1])
    if STACK_POINTER not in own.variables:
        raise SystemExit("CPython's module imports no stack pointer: its linking has changed")
    count = wrap(own, own.variables.index(STACK_POINTER), TOP - LIMIT_BYTES, own.names)
    instead = {}
    for index, name in own.names.items():
        if name not in SILENT or index < own.imported:
            continue
        parameters = types[own.kinds[index - own.imported]][0]
        instead[index] = own.imported + len(own.bodies)
        own.kinds.append(types.index((parameters, b"\x7f")))
        own.bodies.append(b"\x00" + passed(len(parameters)) + b"\x10" + number(index) + b"\x41\x00\x0b")
    if len(instead) != len(SILENT):
        raise SystemExit("CPython's module has other functions than expected: is its version another?")
    return own.module({9: entries(own.content[9], instead)}), count


def wrap(own, pointer, limit, names):
    """Pads what recurses of the functions in `names`, and tells how many that were. `limit` is where the variable `pointer` is low."""
    types, look, count = types_of(own.content[1]), own.index(LOOK), 0
    for index, name in names.items():
        if index < own.imported or not (name in CHECKED or matches(name, PADDED) and not matches(name, LEAVES)):
            continue
        parameters = len(types[own.kinds[index - own.imported]][0])
        own.wrap(index, lambda moved: wrapper(parameters, moved, pointer, before(name, pointer, limit, look)))
        count += 1
    return count


def matches(name, patterns):
    """Whether a name is like one of the patterns."""
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def before(name, pointer, limit, look):
    """Code with which a function begins: it leaves it where the limit is reached."""
    if name == WRITES:
        leaves = TOO_DEEP
    elif name in CHECKED:
        leaves = b"\x41" + signed(EMPTY_TEXT) + b"\x10" + number(look) + b"\x04\x40" + b"\x41" + signed(CHECKED[name]) + b"\x0f\x0b"
    else:
        return b""
    # Most calls are far from it, so the number alone is compared first.
    return b"\x23" + number(pointer) + b"\x41" + signed(limit) + b"\x49\x04\x40" + leaves + b"\x0b"


def passed(parameters):
    """Code that puts a function's parameters on the stack."""
    return b"".join(b"\x20" + number(at) for at in range(parameters))


def entries(content, instead):
    """The table's functions, some of them replaced by others."""
    reader = Reader(content)
    out = number(reader.number())
    while reader.at < len(content):
        begin = reader.at
        # One kind only: functions at a place that is a global, as position-independent code has them.
        if reader.bytes(2) != b"\x00\x23" or reader.number() is None or reader.bytes(1) != b"\x0b":
            raise SystemExit("the table of CPython's module is filled in another way: its linking has changed")
        out += content[begin : reader.at]
        count = reader.number()
        out += number(count)
        for _ in range(count):
            index = reader.number()
            out += number(instead.get(index, index))
    return out


def wrapper(parameters, target, pointer, before):
    """The body of a function that calls another with the stack moved on, and moves it back."""
    get, put = b"\x23" + number(pointer), b"\x24" + number(pointer)
    size = b"\x41" + signed(PAD_BYTES)
    return b"\x00" + before + get + size + b"\x6b" + put + passed(parameters) + b"\x10" + number(target) + get + size + b"\x6a" + put + b"\x0b"


def guard(component):
    """The component with its recursion guarded."""
    parts, padded = [], 0
    for kind, content in sections(component):
        if kind == 1:
            content, count = pad(content)
            padded += count
        parts.append((kind, content))
    if not padded:
        raise SystemExit("the component holds no CPython with the names of its functions")
    component = assemble(component[:8], parts)
    old, soft = struct.pack("<III", TOP, SOFT, HARD), TOP - LIMIT_BYTES
    if component.count(old) != 1:
        raise SystemExit(f"the limits of CPython's stack are {component.count(old)} times in the component, and should be once")
    return component.replace(old, struct.pack("<III", TOP, soft, soft - (SOFT - HARD))), padded


if __name__ == "__main__":
    source, target = map(pathlib.Path, sys.argv[1:3])
    guarded, padded = guard(source.read_bytes())
    target.write_bytes(guarded)
    print(f"{padded} functions padded", file=sys.stderr)
