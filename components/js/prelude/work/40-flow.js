// Composition: a source, stages that may be functions or components of their own, and a sink.
//
// A stage that is a component works in its own context, on its own thread. Errors and cancellation go both ways, and nobody
// makes more than the next one takes.

const { b8g, define, Resource, Component, Channel, start } = internal;

const BATCH_ITEMS = 256;
const BATCH_BYTES = 256 * 1024;
const MESSAGE_BYTES = 1024 * 1024;
// Batches that may be on their way to a component and back.
const AHEAD = 4;
const ROLE_SERVE = 17;
const TAG = { JSON: 0x4a, BYTES: 0x42, ERROR: 0x45 };

// ---- messages of calls ----

// A tag and JSON of many items, or a tag and the bytes of one.
const jsonMessage = (tag, value) => textMessage(tag, JSON.stringify(value) ?? "null");

const textMessage = (tag, json) => {
  const text = sys.utf8Encode(json);
  const message = new Uint8Array(text.length + 1);
  message[0] = tag;
  message.set(text, 1);
  return message;
};

const bytesMessage = (bytes) => {
  const message = new Uint8Array(bytes.length + 1);
  message[0] = TAG.BYTES;
  message.set(bytes, 1);
  return message;
};

const plain = (value) => (value === undefined ? null : value);

// What a message says: a list of items.
function itemsOf(data) {
  const rest = data.subarray(1);
  if (data[0] === TAG.BYTES) return [rest];
  const value = JSON.parse(sys.utf8Decode(rest, false));
  if (data[0] !== TAG.ERROR) return value;
  const error = new Error(value.message);
  error.name = value.name;
  if (value.stack) error.stack = value.stack;
  throw error;
}

// Answers calls that come over the channel: an item each time for one of bytes, a list for JSON.
async function serve(channel, call) {
  for await (const { data } of channel) {
    let answer;
    try {
      if (data[0] === TAG.BYTES) {
        const result = await call(data.subarray(1));
        answer = result instanceof Uint8Array ? bytesMessage(result) : jsonMessage(TAG.JSON, [plain(result)]);
      } else {
        let [texts, size] = [[], 0];
        for (const item of itemsOf(data)) {
          const text = JSON.stringify(plain(await call(item))) ?? "null";
          if (texts.length && size + text.length > BATCH_BYTES) {
            await channel.send(textMessage(TAG.JSON, `[${texts.join()}]`));
            [texts, size] = [[], 0];
          }
          texts.push(text);
          size += text.length;
        }
        answer = textMessage(TAG.JSON, `[${texts.join()}]`);
      }
    } catch (error) {
      const { name = "Error", message = String(error), stack = "" } = error instanceof Error ? error : {};
      answer = jsonMessage(TAG.ERROR, { name: String(name), message: String(message), stack: String(stack) });
    }
    if (answer.length > MESSAGE_BYTES) answer = jsonMessage(TAG.ERROR, { name: "RangeError", message: "an answer is larger than a message may be", stack: "" });
    await channel.send(answer);
  }
}

// Called when the program was started to serve: its `main` or default export answers, once it has run.
internal.serve = (entry) => {
  const [handle] = sys.given(ROLE_SERVE);
  const channel = new Channel(handle);
  const begin = () => {
    const call = sys.mainFunction();
    if (typeof call !== "function") throw new TypeError("a stage must export a function as `main` or as its default");
    return serve(channel, call);
  };
  Promise.resolve(entry).then(begin);
  return true;
};

// ---- stages ----

const stages = new WeakMap();

// A stage: a function from a source of items, as an async iterable, to another one.
const stage = (through) => {
  const made = Object.freeze({ __proto__: null });
  stages.set(made, through);
  return made;
};

// Wants no more of a source, which hears of it when it next gives something.
const stopSource = (items) => {
  items.return?.()?.catch?.(() => {});
};

const taskError = (status) => {
  const error = new Error(status.message || `a stage ended: ${status.reason} (exit code ${status.code})`);
  error.name = "StageError";
  define(error, "status", status);
  return error;
};

// The results of a component for each item, in their order, without waiting for one before the next is sent.
async function* called(items, component, options) {
  const task = start(component, options, true);
  const { channel } = task;
  const waiting = [];
  let failure = null;
  let finished = false;
  let wake = () => {};
  const changed = () => new Promise((resolve) => (wake = resolve));
  (async () => {
    try {
      let batch = [];
      let parts = [];
      let size = 0;
      // What cannot be said or sent is nobody's turn to answer.
      const post = async (message, items) => {
        await channel.send(message);
        waiting.push(items);
        wake();
        while (waiting.length >= AHEAD && !finished) await changed();
      };
      const flush = async () => {
        if (!batch.length) return;
        const [items, texts] = [batch, parts];
        [batch, parts, size] = [[], [], 0];
        await post(textMessage(TAG.JSON, `[${texts.join()}]`), items);
      };
      for await (const item of items) {
        if (finished) return;
        if (item instanceof Uint8Array) {
          await flush();
          await post(bytesMessage(item), [item]);
          continue;
        }
        const text = JSON.stringify(plain(item)) ?? "null";
        // Three bytes a character at most.
        if (batch.length && size + text.length > BATCH_BYTES) await flush();
        batch.push(plain(item));
        parts.push(text);
        size += text.length;
        if (batch.length >= BATCH_ITEMS || size >= BATCH_BYTES || waiting.length === 0) await flush();
      }
      await flush();
    } catch (error) {
      failure ??= error;
    } finally {
      finished = true;
      wake();
    }
  })();
  try {
    for (;;) {
      while (!waiting.length) {
        if (finished) {
          if (failure) throw failure;
          return;
        }
        await changed();
      }
      const [batch] = waiting;
      // The answers to one message may be several.
      for (let at = 0; at < batch.length;) {
        const message = await channel.receive();
        if (message === null) {
          task.cancel();
          throw taskError(await task);
        }
        const results = itemsOf(message.data);
        if (!results.length) throw taskError({ message: "a stage answered nothing", reason: "error", code: 1 });
        for (let i = 0; i < results.length && at < batch.length; i++) yield [batch[at++], results[i]];
      }
      waiting.shift();
      wake();
    }
  } finally {
    finished = true;
    wake();
    channel.close();
    task.close();
    stopSource(items);
  }
}

const isComponent = (what) => what instanceof Component || typeof what === "string";

// A stage that asks a function, or what a component exports, for each item, and does something with the answer.
const asking = (name, use) =>
  function make(what, options) {
    if (isComponent(what)) {
      return stage(async function* (items) {
        for await (const [item, answer] of called(items, what, options ?? {})) yield* use(item, answer);
      });
    }
    if (typeof what !== "function") throw new TypeError(`${name}: a function or a component is expected`);
    return stage(async function* (items) {
      let index = 0;
      for await (const item of items) yield* use(item, await what(item, index++));
    });
  };

b8g.map = asking("map", function* (item, answer) {
  yield answer;
});
b8g.filter = asking("filter", function* (item, answer) {
  if (answer) yield item;
});
b8g.flatMap = asking("flatMap", function* (item, answer) {
  if (answer === null || answer === undefined) return;
  if (typeof answer === "string" || typeof answer[Symbol.iterator] !== "function") yield answer;
  else yield* answer;
});

b8g.take = function take(count) {
  return stage(async function* (items) {
    let left = Number(count);
    if (left <= 0) return;
    for await (const item of items) {
      yield item;
      if (--left <= 0) return;
    }
  });
};

// Lines of the text that comes in pieces.
b8g.lines = function lines() {
  return stage(async function* (items) {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const item of items) {
      rest += typeof item === "string" ? item : decoder.decode(item, { stream: true });
      const parts = rest.split("\n");
      rest = parts.pop();
      for (const part of parts) yield part.endsWith("\r") ? part.slice(0, -1) : part;
    }
    rest += decoder.decode();
    if (rest) yield rest;
  });
};

// ---- components in a row ----

// For the items that a component gives: what starts it, so that the next one reads its stream itself.
const joins = new WeakMap();
const BROKEN_PIPE = 141;
const GRACE = 1000;

// Writes items to a task, which may read enough before the end.
async function feed(task, items) {
  try {
    for await (const item of items) await task.stdin.write(typeof item === "string" || ArrayBuffer.isView(item) ? item : `${JSON.stringify(item)}\n`);
    task.stdin.close();
  } catch (error) {
    if (error?.name === "BrokenPipe") return null;
    task.stdin.abort();
    return error ?? new Error("the source failed");
  }
  return null;
}

// Starts a component whose standard input is what comes, from the stream of the one before it if that is a component too.
function join(items, what, options) {
  const before = joins.get(items)?.();
  const task = start(what, { ...options, stdin: before ? before.stdout : "piped", stdout: "piped" }, false);
  const fed = before ? null : feed(task, items);
  let fault = null;
  fed?.then((error) => (fault = error));
  const stop = () => {
    task.stdin?.close();
    task.stdout.close();
    task.close();
    if (before) before.stop();
    else stopSource(items);
  };
  // Rejects with what went wrong first in the row.
  const end = async () => {
    const status = await task;
    if (before) {
      // Nobody reads what it writes any more: it has ended, or does so now.
      const late = setTimeout(() => before.cancel(), GRACE);
      try {
        await before.end();
      } finally {
        clearTimeout(late);
      }
    }
    if (fault) throw fault;
    const enough = status.reason === "exit" && status.code === BROKEN_PIPE;
    if (!status.success && !enough && status.reason !== "cancelled") throw taskError(status);
    return status;
  };
  const cancel = () => {
    task.cancel();
    before?.cancel();
  };
  return { stdout: task.stdout, end, stop, cancel };
}

// A component whose standard input is what comes, and whose standard output goes on.
b8g.through = function through(what, options) {
  return stage((items) => {
    const begin = () => join(items, what, options);
    const made = (async function* () {
      const last = begin();
      try {
        try {
          yield* last.stdout.readable;
        } catch (error) {
          if (error?.name === "BrokenPipe") await last.end();
          throw error;
        }
        const status = await last.end();
        if (!status.success) throw taskError(status);
      } finally {
        last.stop();
      }
    })();
    joins.set(made, begin);
    return made;
  });
};

// ---- flows ----

async function* each(source) {
  yield* source;
}

const sourceOf = (source) => {
  if (source instanceof Resource) return each(source.readable);
  if (typeof source === "string" || ArrayBuffer.isView(source)) return each([source]);
  if (source?.[Symbol.asyncIterator] || source?.[Symbol.iterator]) return each(source);
  throw new TypeError("flow: an iterable, a stream or a file is expected");
};

// Items that come when they are asked for.
class Flow {
  #items;

  constructor(items) {
    this.#items = items;
  }

  // Adds a stage: one of `map`, `filter` and so on, a component or its source (as `through`), a TransformStream, or a function
  // from an async iterable to another one.
  pipe(next, options) {
    const items = this.#items;
    const known = typeof next === "object" && next !== null ? stages.get(next) : undefined;
    if (known) return new Flow(known(items));
    if (isComponent(next)) return new Flow(stages.get(b8g.through(next, options))(items));
    if (next?.readable && next?.writable) return new Flow(each(ReadableStream.from(items).pipeThrough(next)));
    if (typeof next === "function") return new Flow(each(next(items)));
    throw new TypeError("pipe: a stage, a component, a TransformStream or a function is expected");
  }

  // Brings everything to the end: a writable stream, a file, or a function that is called with each item.
  async to(sink) {
    if (typeof sink === "function") {
      for await (const item of this.#items) await sink(item);
      return;
    }
    if (sink instanceof Resource) {
      for await (const item of this.#items) await sink.write(typeof item === "string" || ArrayBuffer.isView(item) ? item : `${JSON.stringify(item)}\n`);
      sink.close();
      return;
    }
    if (typeof sink?.getWriter === "function") return ReadableStream.from(this.#items).pipeTo(sink);
    throw new TypeError("to: a writable stream, a file or a function is expected");
  }

  async toArray() {
    const all = [];
    for await (const item of this.#items) all[all.length] = item;
    return all;
  }

  // Folds everything into one value.
  async reduce(fold, value) {
    for await (const item of this.#items) value = await fold(value, item);
    return value;
  }

  [Symbol.asyncIterator]() {
    return this.#items[Symbol.asyncIterator]();
  }
}
define(Flow.prototype, Symbol.toStringTag, "Flow");

b8g.flow = function flow(source) {
  return new Flow(sourceOf(source));
};
define(Resource.prototype, "pipe", function pipe(next, options) {
  return b8g.flow(this).pipe(next, options);
});
