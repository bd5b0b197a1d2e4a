// pipeTo, async iteration and ReadableStream.from.

const { apply, isObject, asyncIteratorPrototype, symbolIterator, symbolAsyncIterator, expose } = internal.idl;
const { streams } = internal;
const { noop, then, upon, resolvedWith, rejectedWith, all, deferred } = streams;

// Both ends are locked until the pipe is done. `options`: {preventAbort, preventCancel, preventClose, signal}.
function pipeTo(source, destination, options) {
  const pipe = {
    source, destination, options, reader: streams.acquireReader(source), writer: streams.acquireWriter(destination),
    shuttingDown: false, write: resolvedWith(undefined), done: deferred(), abort: null,
  };
  source.disturbed = true;
  const { signal } = options;
  if (signal !== undefined) {
    pipe.abort = () => abortPipe(pipe, internal.abort.reason(signal));
    if (internal.abort.aborted(signal)) {
      pipe.abort();
      return pipe.done.promise;
    }
    internal.abort.add(signal, pipe.abort);
  }
  watchEnds(pipe);
  pump(pipe);
  return pipe.done.promise;
}

function abortPipe(pipe, reason) {
  const { source, destination, options } = pipe;
  const actions = [];
  if (!options.preventAbort) {
    actions.push(() => (destination.state === "writable" ? streams.abortWritable(destination, reason) : resolvedWith(undefined)));
  }
  if (!options.preventCancel) {
    actions.push(() => (source.state === "readable" ? streams.cancelReadable(source, reason) : resolvedWith(undefined)));
  }
  shutDown(pipe, () => all(actions.map((action) => action())), true, reason);
}

// Errors go forward and backward, a close goes forward; each ends the pipe.
function watchEnds(pipe) {
  const { source, destination, reader, writer, options } = pipe;
  const forward = (reason) => shutDown(pipe, options.preventAbort ? null : () => streams.abortWritable(destination, reason), true, reason);
  const backward = (reason) => shutDown(pipe, options.preventCancel ? null : () => streams.cancelReadable(source, reason), true, reason);
  const finish = () => shutDown(pipe, options.preventClose ? null : () => streams.closeWithErrorPropagation(writer), false, undefined);
  if (source.state === "errored") forward(source.error);
  else upon(reader.closed.promise, noop, forward);
  if (destination.state === "errored") backward(destination.error);
  else upon(writer.closed.promise, noop, backward);
  if (source.state === "closed") finish();
  else upon(reader.closed.promise, finish);
  if (streams.isClosing(destination) || destination.state === "closed") backward(new TypeError("The destination is closed"));
}

// One read at a time, and only while the destination wants more.
function pump(pipe) {
  if (pipe.shuttingDown) return;
  upon(pipe.writer.ready.promise, () => {
    if (pipe.shuttingDown) return;
    streams.readChunk(pipe.reader, {
      // Later, so that a sink's write never runs inside of a source's enqueue.
      chunk: (chunk) => {
        pipe.write = then(resolvedWith(undefined), () => {
          if (pipe.writer.stream === null) return undefined;
          const written = then(streams.writeChunk(pipe.writer, chunk), undefined, noop);
          pump(pipe);
          return written;
        });
      },
      close: noop,
      error: noop,
    });
  });
}

function shutDown(pipe, action, isError, reason) {
  if (pipe.shuttingDown) return;
  pipe.shuttingDown = true;
  const rest = () => {
    if (action === null) return finalize(pipe, isError, reason);
    upon(action(), () => finalize(pipe, isError, reason), (error) => finalize(pipe, true, error));
  };
  const { destination } = pipe;
  if (destination.state === "writable" && !streams.isClosing(destination)) waitForWrites(pipe, rest);
  else rest();
}

function waitForWrites(pipe, next) {
  const { write } = pipe;
  upon(write, () => (write === pipe.write ? next() : waitForWrites(pipe, next)));
}

function finalize(pipe, isError, reason) {
  streams.releaseWriter(pipe.writer);
  streams.releaseReader(pipe.reader);
  if (pipe.abort !== null) internal.abort.remove(pipe.options.signal, pipe.abort);
  if (isError) pipe.done.reject(reason);
  else pipe.done.resolve(undefined);
}

class ReadableStreamAsyncIterator {
  #reader;
  #preventCancel;
  #ongoing = null;
  #finished = false;
  constructor(stream, preventCancel) {
    this.#reader = streams.acquireReader(streams.readableOf(stream));
    this.#preventCancel = preventCancel;
  }
  next() {
    if (!isIterator(this)) return rejectedWith(new TypeError("Illegal invocation"));
    return this.#chain(() => this.#next());
  }
  return(value) {
    if (!isIterator(this)) return rejectedWith(new TypeError("Illegal invocation"));
    return this.#chain(() => this.#return(value));
  }
  // Calls that overlap run one after the other.
  #chain(steps) {
    this.#ongoing = this.#ongoing === null ? steps() : then(this.#ongoing, steps, steps);
    return this.#ongoing;
  }
  #next() {
    if (this.#finished) return resolvedWith({ value: undefined, done: true });
    const read = deferred();
    streams.readChunk(this.#reader, {
      chunk: (value) => read.resolve({ value, done: false }),
      close: () => {
        this.#end();
        read.resolve({ value: undefined, done: true });
      },
      error: (reason) => {
        this.#end();
        read.reject(reason);
      },
    });
    return then(read.promise, (result) => {
      this.#ongoing = null;
      return result;
    }, (reason) => {
      this.#ongoing = null;
      throw reason;
    });
  }
  #return(value) {
    if (this.#finished) return resolvedWith({ value, done: true });
    if (this.#preventCancel) {
      this.#end();
      return resolvedWith({ value, done: true });
    }
    const result = streams.cancelReadable(this.#reader.stream, value);
    this.#end();
    return then(result, () => ({ value, done: true }));
  }
  #end() {
    this.#finished = true;
    streams.releaseReader(this.#reader);
  }
  static isIterator(value) {
    return isObject(value) && #reader in value;
  }
}
const { isIterator } = ReadableStreamAsyncIterator;
delete ReadableStreamAsyncIterator.isIterator;
delete ReadableStreamAsyncIterator.prototype.constructor;
Object.setPrototypeOf(ReadableStreamAsyncIterator.prototype, asyncIteratorPrototype);
expose(ReadableStreamAsyncIterator, { name: "ReadableStream AsyncIterator", hidden: true });

// The iterator of an async iterable, or of a sync one whose values are awaited.
function openIterator(iterable) {
  const asyncMethod = iterable === undefined || iterable === null ? undefined : iterable[symbolAsyncIterator];
  const isAsync = asyncMethod !== undefined && asyncMethod !== null;
  const method = isAsync ? asyncMethod : iterable?.[symbolIterator];
  if (typeof method !== "function") throw new TypeError("ReadableStream.from: the argument must be iterable");
  const iterator = apply(method, iterable, []);
  if (!isObject(iterator)) throw new TypeError("ReadableStream.from: the iterator must be an object");
  return { iterator, next: iterator.next, isAsync };
}

function awaitResult({ isAsync }, result) {
  if (isAsync) return resolvedWith(result);
  if (!isObject(result)) throw new TypeError("The iterator's result is not an object");
  const { done, value } = result;
  return then(resolvedWith(value), (awaited) => ({ done, value: awaited }));
}

function readableFrom(iterable) {
  const source = openIterator(iterable);
  const attempt = (steps) => {
    try {
      return steps();
    } catch (error) {
      return rejectedWith(error);
    }
  };
  const pull = () => attempt(() => then(awaitResult(source, apply(source.next, source.iterator, [])), (result) => {
    if (!isObject(result)) throw new TypeError("The iterator's result is not an object");
    if (result.done) streams.defaultClose(stream.controller);
    else streams.defaultEnqueue(stream.controller, result.value);
  }));
  const cancel = (reason) => attempt(() => {
    const method = source.iterator.return;
    if (method === undefined || method === null) return resolvedWith(undefined);
    return then(awaitResult(source, apply(method, source.iterator, [reason])), (result) => {
      if (!isObject(result)) throw new TypeError("The iterator's result is not an object");
    });
  });
  const stream = streams.createReadable(noop, pull, cancel, 0);
  return stream.self;
}

streams.pipeTo = pipeTo;
streams.iterate = (stream, preventCancel) => new ReadableStreamAsyncIterator(stream, preventCancel);
streams.readableFrom = readableFrom;
