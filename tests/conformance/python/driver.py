"""Runs one module of CPython's own tests in a context, from its n-th test on, and writes what becomes of each test.

python3 driver.py SUITE WORK REPORT MODULE FIRST SECONDS. SUITE is the directory that has the package `test`, WORK an empty one. REPORT
gets a line for each of these, a list of JSON:

    ["test", INDEX, NAME]           the test begins
    ["end", STATE, WHY]             it ended: passed, failed, skipped, threads or processes (what it needed, and was refused)
    ["group", NAME, STATE, WHY]     a class or module could not be prepared: so none of its tests ran
    ["module", STATE, WHY]          the module could not be imported
    ["names", [NAME, …]]            all tests, in their order
    ["broken", STATE, WHY]          a test wanted to end all
    ["more"]                        the time is up; what follows the last test is for another context
    ["done"]

Each line is written at once: what ends the context does not take it along.
"""

import importlib
import json
import posix
import sys
import time
import types
import unittest

# What the engine's refusals begin with, and what they are of.
_REFUSALS = {
    "threads cannot be started here": "threads",
    "this waits for another thread": "threads",
    "processes cannot be started here": "processes",
}
# Words of the suite's own reasons not to run a test.
_NEEDS = {"threading": "threads", "thread": "threads", "subprocess": "processes", "fork": "processes", "multiprocessing": "processes"}
_WHY_MAX = 300
# Modules of C that only builds of CPython for its own tests have.
_OWN = ("_testbuffer", "_testcapi", "_testclinic", "_testinternalcapi", "_testlimitedcapi", "_testmultiphase", "_testsinglephase")
# Tests of later releases for what takes CPython 3.14.0 for ever: they fail here without being run.
_ENDLESS = {
    "test_annotationlib.TestGetAnnotations.test_eval_str_wrapped_cycle_mutual",
    "test_annotationlib.TestGetAnnotations.test_eval_str_wrapped_cycle_self",
    "test_annotationlib.TestGetAnnotations.test_eval_str_wrapped_partial_cycle_self",
    "test_configparser.ReDoSTestCase.test_option_regex_does_not_backtrack",
    "test_configparser.ReDoSTestCase.test_option_regex_no_value_does_not_backtrack",
    "test_csv.TestSniffer.test_sniff_quoted_single_column",
    "test_csv.TestSniffer.test_sniff_regex_backtracking",
    "test_csv.TestSniffer.test_sniff_single_column",
    "test_csv.TestSniffer.test_sniff_space_delimiter",
    "test_typing.GetTypeHintsTests.test_get_type_hints_wrapped_cycle_mutual",
    "test_typing.GetTypeHintsTests.test_get_type_hints_wrapped_cycle_self",
}


def reporter(path, open=posix.open, write=posix.write, close=posix.close, flags=posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT, dumps=json.dumps):
    """Gives what writes a line. It holds nothing open and keeps its own functions, whatever tests do to theirs."""

    def report(*line):
        file = open(path, flags)
        text = (dumps(line) + "\n").encode()
        while text:
            text = text[write(file, text) :]
        close(file)

    return report


def judged(error):
    """The state of a test that ended with this, and why."""
    last = str(error).strip().splitlines()
    why = f"{type(error).__name__}: {last[0] if last else ''}"[:_WHY_MAX]
    pending, seen = [error], set()
    while pending:
        error = pending.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        if isinstance(error, ImportError) and any(f"'{name}'" in str(error) for name in _OWN):
            return "skipped", why
        for words, state in _REFUSALS.items():
            if words in str(error):
                return state, why
        pending += [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
    return "failed", why


def skipped(reason):
    """The state of a test that is not run for this reason, and the reason."""
    words = reason.lower().replace("()", "").replace(".", " ").split()
    return next((state for word, state in _NEEDS.items() if word in words), "skipped"), reason[:_WHY_MAX]


class Result(unittest.TestResult):
    """Writes what becomes of each test."""

    def __init__(self, report, indices):
        super().__init__()
        self._report = report
        self._indices = indices
        self._state = None

    def startTest(self, test):
        super().startTest(test)
        self._state = ("passed", "")
        self._report("test", self._indices[id(test)], name(test))
        if name(test) in _ENDLESS:
            setattr(test, test._testMethodName, lambda: test.fail("it takes for ever"))

    def stopTest(self, test):
        super().stopTest(test)
        self._report("end", *self._state)

    def _say(self, test, state, why):
        if not isinstance(test, unittest.TestCase) and not hasattr(test, "test_case"):
            self._report("group", str(test), state, why)
        elif self._state[0] != "failed":
            self._state = (state, why)

    def addError(self, test, err):
        self._say(test, *judged(err[1]))

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._say(test, *judged(err[1]))

    def addSkip(self, test, reason):
        # A part of a test may be skipped, and the test is not.
        if getattr(test, "test_case", None) is None:
            self._say(test, *skipped(reason))

    def addExpectedFailure(self, test, err):
        pass

    def addUnexpectedSuccess(self, test):
        self._say(test, "failed", "it was expected to fail")


class Suite(unittest.TestSuite):
    """Tests one after the other, until the time is up."""

    def __init__(self, tests, report, until):
        super().__init__(tests)
        self._left = tests
        self._report = report
        self._until = until
        self.is_whole = True

    def __iter__(self):
        for test in self._left:
            if time.monotonic() > self._until:
                self.is_whole = False
                return
            yield test


def name(test):
    """A test's name without that of its module."""
    text = test.id().removeprefix("test.")
    return " ".join(text.split())


def flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


class Absent(types.ModuleType):
    """One of CPython's own modules for its tests: a test that uses it is skipped."""

    def __getattr__(self, attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise unittest.SkipTest(f"needs the module {self.__name__}")


def forgiving(unlink):
    def call(path):
        try:
            unlink(path)
        except PermissionError:
            pass

    return call


def prepare():
    """What a run of all tests prepares, and what is otherwise here than the suite expects of WASI."""
    from test import support
    from test.support import import_helper, os_helper, socket_helper

    support.use_resources = []
    support.verbose = 0
    support.has_socket_support = True
    # Of ctypes there are numbers only, for programs that ask for their sizes. Tests that can do without it take it for absent.
    sys.modules["ctypes"] = None
    # Names are looked up by the host: only addresses can be listened at.
    socket_helper.HOST = socket_helper.HOSTv4
    # What was never compiled cannot be removed, and where nothing may be written that is another error than elsewhere.
    import_helper.unlink = forgiving(os_helper.unlink)


def loaded(module):
    """The tests of a module. What the suite would leave out as a whole, for the sake of some of its tests, is tried all the same."""
    from test import support
    from test.support import threading_helper

    while True:
        try:
            tests = list(flat(unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(module))))
        except unittest.SkipTest as why:
            if skipped(str(why))[0] == "processes" and not support.has_subprocess_support:
                support.has_subprocess_support = True
            elif skipped(str(why))[0] == "threads" and not threading_helper.can_start_thread:
                threading_helper.can_start_thread = True
            elif not absent(str(why)):
                raise
        except ImportError as error:
            if not absent(str(error)):
                raise
        else:
            # Parts of a package that could not be imported are tests that fail with that.
            parts = [str(test._exception) for test in tests if hasattr(test, "_exception")]
            if not any([absent(part) for part in parts]):
                return tests
        for name in [name for name in sys.modules if name.startswith(module + ".") or name == module]:
            del sys.modules[name]


def absent(why):
    """Whether an import failed for want of a module that is CPython's own; from then on there is one that skips who uses it."""
    for name in _OWN:
        if f"'{name}'" in why and name not in sys.modules:
            sys.modules[name] = Absent(name)
            return True
    return False


def main(suite, work, path, module, first, seconds):
    report = reporter(path)
    sys.path.insert(0, suite)
    sys.argv[1:] = []
    posix.chdir(work)
    prepare()
    try:
        tests = loaded(module)
    except unittest.SkipTest as why:
        report("module", *skipped(str(why)))
        return
    except BaseException as error:
        report("module", *judged(error))
        return
    if first == 0:
        report("names", [name(test) for test in tests])
    indices = {id(test): index for index, test in enumerate(tests)}
    suite = Suite(tests[first:], report, time.monotonic() + seconds)
    try:
        suite.run(Result(report, indices))
    except BaseException as error:  # A test that wants to end all.
        report("broken", *judged(error))
        return
    report("done" if suite.is_whole else "more")


if __name__ == "__main__":
    main(*sys.argv[1:5], int(sys.argv[5]), float(sys.argv[6]))
