// What the web platform tests expect around them beside the standards: an address that they were loaded from, to which what is
// relative is relative, and their harness' way out.
(origin, path) => {
  const { runInThisContext } = process.getBuiltinModule("node:vm");
  const { stringify } = JSON;
  const define = (name, value) => Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
  const place = new URL(path, origin);
  define("location", place);
  define("GLOBAL", { isWindow: () => false, isWorker: () => false, isShadowRealm: () => false });
  const absolute = (input) => (typeof input === "string" && !URL.canParse(input) && URL.canParse(input, place) ? new URL(input, place).href : input);
  const { Request: GivenRequest, fetch: givenFetch } = globalThis;
  const { construct } = Reflect;
  define("Request", new Proxy(GivenRequest, {
    construct: (target, given, made) => construct(target, given.length > 0 ? [absolute(given[0]), ...given.slice(1)] : given, made),
  }));
  define("fetch", function fetch(input, ...rest) {
    return arguments.length > 0 ? givenFetch(absolute(input), ...rest) : givenFetch();
  });
  const wrong = [];
  process.on("uncaughtException", (error) => wrong.push(String(error)));
  process.on("unhandledRejection", () => {});
  return {
    run(scripts) {
      for (let i = 0; i < scripts.length; i++) {
        try {
          runInThisContext(scripts[i][1], scripts[i][0]);
        } catch (error) {
          wrong.push(`${scripts[i][0]}: ${error}`);
          break;
        }
        if (i === 0) {
          setTimeout(globalThis.timeout, 20000).unref();
          globalThis[Symbol.for("report")] = new Promise((resolve) => {
            globalThis.add_completion_callback((tests, { status, message }) => {
              const all = tests.map(({ name, status, message }) => [name, status, message]);
              resolve(stringify({ status, message, wrong, all }));
            });
          });
        }
      }
      return globalThis[Symbol.for("report")];
    },
  };
};
