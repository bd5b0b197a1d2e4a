// node:diagnostics_channel: named channels within the program. Start at `Channel`.

const { ReflectApply, MapPrototypeGet, MapPrototypeSet, MapPrototypeForEach, MapPrototypeDelete, MapPrototypeGetSize, ArrayPrototypePush, PromisePrototypeThen } =
  internal.primordials;
const { checkArgument: check, invalidType } = internal;
const channels = new Map();

class Channel {
  #subscribers = [];
  #stores = new Map();

  constructor(name) {
    this.name = name;
  }
  get hasSubscribers() {
    return this.#subscribers.length > 0 || MapPrototypeGetSize(this.#stores) > 0;
  }
  subscribe(subscription) {
    check.function(subscription, "subscription");
    const before = this.#subscribers;
    this.#subscribers = [];
    for (let i = 0; i < before.length; i++) this.#subscribers[i] = before[i];
    ArrayPrototypePush(this.#subscribers, subscription);
  }
  unsubscribe(subscription) {
    const left = [];
    let found = false;
    for (let i = 0; i < this.#subscribers.length; i++) {
      if (!found && this.#subscribers[i] === subscription) found = true;
      else ArrayPrototypePush(left, this.#subscribers[i]);
    }
    this.#subscribers = left;
    return found;
  }
  bindStore(store, transform) {
    MapPrototypeSet(this.#stores, store, transform);
  }
  unbindStore(store) {
    return MapPrototypeDelete(this.#stores, store);
  }
  publish(data) {
    const subscribers = this.#subscribers;
    for (let i = 0; i < subscribers.length; i++) {
      try {
        ReflectApply(subscribers[i], undefined, [data, this.name]);
      } catch (error) {
        internal.nextTick(() => {
          throw error;
        });
      }
    }
  }
  runStores(data, fn, receiver, ...args) {
    let run = () => {
      this.publish(data);
      return ReflectApply(fn, receiver, args);
    };
    MapPrototypeForEach(this.#stores, (transform, store) => {
      const inner = run;
      run = () => {
        let context = data;
        if (transform) {
          try {
            context = transform(data);
          } catch (error) {
            internal.nextTick(() => {
              throw error;
            });
            return inner();
          }
        }
        return store.run(context, inner);
      };
    });
    return run();
  }
}

function channel(name) {
  const known = MapPrototypeGet(channels, name);
  if (known !== undefined) return known;
  if (typeof name !== "string" && typeof name !== "symbol") throw invalidType("channel", "of type string or symbol", name);
  const made = new Channel(name);
  MapPrototypeSet(channels, name, made);
  return made;
}

const EVENTS = ["start", "end", "asyncStart", "asyncEnd", "error"];

class TracingChannel {
  constructor(names) {
    for (let i = 0; i < EVENTS.length; i++) {
      const event = EVENTS[i];
      this[event] = typeof names === "string" ? channel(`tracing:${names}:${event}`) : names[event];
    }
  }
  get hasSubscribers() {
    for (let i = 0; i < EVENTS.length; i++) if (this[EVENTS[i]]?.hasSubscribers) return true;
    return false;
  }
  subscribe(handlers) {
    for (let i = 0; i < EVENTS.length; i++) if (handlers[EVENTS[i]]) this[EVENTS[i]]?.subscribe(handlers[EVENTS[i]]);
  }
  unsubscribe(handlers) {
    let done = true;
    for (let i = 0; i < EVENTS.length; i++) if (handlers[EVENTS[i]] && !this[EVENTS[i]]?.unsubscribe(handlers[EVENTS[i]])) done = false;
    return done;
  }
  traceSync(fn, context = {}, receiver, ...args) {
    return this.start.runStores(context, () => {
      try {
        context.result = ReflectApply(fn, receiver, args);
        return context.result;
      } catch (error) {
        context.error = error;
        this.error.publish(context);
        throw error;
      } finally {
        this.end.publish(context);
      }
    });
  }
  tracePromise(fn, context = {}, receiver, ...args) {
    const ended = (name) => (value) => {
      context[name] = value;
      if (name === "error") this.error.publish(context);
      this.asyncStart.publish(context);
      this.asyncEnd.publish(context);
      if (name === "error") throw value;
      return value;
    };
    return this.start.runStores(context, () => {
      try {
        const promise = Promise.resolve(ReflectApply(fn, receiver, args));
        return PromisePrototypeThen(promise, ended("result"), ended("error"));
      } catch (error) {
        context.error = error;
        this.error.publish(context);
        throw error;
      } finally {
        this.end.publish(context);
      }
    });
  }
  traceCallback(fn, position = -1, context = {}, receiver, ...args) {
    const at = position < 0 ? args.length + position : position;
    const callback = args[at];
    check.function(callback, "callback");
    const channelOf = this;
    args[at] = function (error, result) {
      if (error) {
        context.error = error;
        channelOf.error.publish(context);
      } else {
        context.result = result;
      }
      channelOf.asyncStart.publish(context);
      try {
        return ReflectApply(callback, this, arguments);
      } finally {
        channelOf.asyncEnd.publish(context);
      }
    };
    return this.start.runStores(context, () => {
      try {
        return ReflectApply(fn, receiver, args);
      } catch (error) {
        context.error = error;
        this.error.publish(context);
        throw error;
      } finally {
        this.end.publish(context);
      }
    });
  }
}

internal.modules["node:diagnostics_channel"] = {
  channel,
  hasSubscribers: (name) => MapPrototypeGet(channels, name)?.hasSubscribers ?? false,
  subscribe: (name, subscription) => channel(name).subscribe(subscription),
  tracingChannel: (names) => new TracingChannel(names),
  unsubscribe: (name, subscription) => channel(name).unsubscribe(subscription),
  Channel,
};
