"""Pools of threads and of processes without either: work is done when it is submitted, in the order in which it is.

Start at `_Inline.submit`. `map`, `as_completed`, `wait` and `with` are the library's own and see futures that are done.
"""

import concurrent.futures.process
import concurrent.futures.thread
import multiprocessing.pool
from concurrent.futures import Executor, Future


class _Inline(Executor):
    def __init__(self, max_workers=None, initializer=None, initargs=()):
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._max_workers = max_workers or 1
        self._initializer = initializer
        self._initargs = initargs
        self._shutdown = False

    def submit(self, fn, /, *args, **kwargs):
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        if self._initializer is not None:
            initializer, self._initializer = self._initializer, None
            initializer(*self._initargs)
        future = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._shutdown = True


class ThreadPoolExecutor(_Inline):
    """A pool whose work is done when it is submitted."""

    def __init__(self, max_workers=None, thread_name_prefix="", initializer=None, initargs=(), **context):
        super().__init__(max_workers, initializer, initargs)


class ProcessPoolExecutor(_Inline):
    """A pool whose work is done when it is submitted, in the one process that there is."""

    def __init__(self, max_workers=None, mp_context=None, initializer=None, initargs=(), *, max_tasks_per_child=None):
        super().__init__(max_workers, initializer, initargs)


class _Result:
    """What `apply_async` and its like give: it is ready."""

    def __init__(self, future, callback=None, error_callback=None):
        self._future = future
        error = future.exception()
        if error is None and callback is not None:
            callback(future.result())
        elif error is not None and error_callback is not None:
            error_callback(error)

    def get(self, timeout=None):
        return self._future.result()

    def wait(self, timeout=None):
        """It is over."""

    def ready(self):
        return True

    def successful(self):
        return self._future.exception() is None


class Pool:
    """`multiprocessing.Pool`, whose work is done when it is asked for."""

    def __init__(self, processes=None, initializer=None, initargs=(), maxtasksperchild=None, context=None):
        if processes is not None and processes < 1:
            raise ValueError("Number of processes must be at least 1")
        self._closed = False
        if initializer is not None:
            initializer(*initargs)

    def _async(self, function, arguments, named, callback, error_callback):
        if self._closed:
            raise ValueError("Pool not running")
        return _Result(ThreadPoolExecutor().submit(function, *arguments, **named), callback, error_callback)

    def apply_async(self, func, args=(), kwds={}, callback=None, error_callback=None):
        return self._async(func, args, kwds, callback, error_callback)

    def map_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        return self._async(lambda: [func(item) for item in iterable], (), {}, callback, error_callback)

    def starmap_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        return self._async(lambda: [func(*item) for item in iterable], (), {}, callback, error_callback)

    def apply(self, func, args=(), kwds={}):
        return self.apply_async(func, args, kwds).get()

    def map(self, func, iterable, chunksize=None):
        return self.map_async(func, iterable).get()

    def starmap(self, func, iterable, chunksize=None):
        return self.starmap_async(func, iterable).get()

    def imap(self, func, iterable, chunksize=1):
        return iter(self.map(func, iterable))

    imap_unordered = imap

    def close(self):
        self._closed = True

    terminate = close

    def join(self):
        """Everything is done."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def prepare():
    """Puts the pools in the places of the library's; once, when the component is made."""
    for pool, module in ((ThreadPoolExecutor, concurrent.futures.thread), (ProcessPoolExecutor, concurrent.futures.process)):
        pool.__module__ = module.__name__
        setattr(module, pool.__name__, pool)
        setattr(concurrent.futures, pool.__name__, pool)
    multiprocessing.pool.Pool = multiprocessing.pool.ThreadPool = multiprocessing.Pool = Pool
    multiprocessing.context.BaseContext.Pool = lambda self, *arguments, **named: Pool(*arguments, **named)
