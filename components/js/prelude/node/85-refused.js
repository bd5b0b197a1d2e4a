// Modules whose work needs what no handle gives. They are there with their names, because packages import more than they use; what is
// called says that it cannot be had.

const { ObjectDefineProperty, ObjectKeys } = internal.primordials;
const { modules, refuse, refuseClass, stream, EventEmitter } = internal;
const PROCESSES = "programs start no processes; use tasks of the module b8g";

// name: [functions, classes (by what they inherit from), what else there is, what to say]
const refused = {
  child_process: {
    functions: ["_forkChild", "exec", "execFile", "execFileSync", "execSync", "fork", "spawn", "spawnSync"],
    classes: { ChildProcess: EventEmitter },
    instead: PROCESSES,
  },
  cluster: {
    functions: ["fork", "disconnect", "setupPrimary", "setupMaster"],
    classes: { Worker: EventEmitter },
    others: { isWorker: false, isMaster: true, isPrimary: true, workers: {}, settings: {}, SCHED_NONE: 1, SCHED_RR: 2, schedulingPolicy: 2, on() {}, once() {} },
    instead: PROCESSES,
  },
  dgram: { functions: ["createSocket"], classes: { Socket: EventEmitter } },
  domain: { functions: ["createDomain", "create"], classes: { Domain: EventEmitter }, others: { active: null, _stack: [] } },
  http2: {
    functions: ["connect", "createServer", "createSecureServer", "getDefaultSettings", "getPackedSettings", "getUnpackedSettings", "performServerHandshake"],
    classes: { Http2ServerRequest: stream.Readable, Http2ServerResponse: stream.Writable },
    others: { constants: {}, sensitiveHeaders: Symbol("nodejs.http2.sensitiveHeaders") },
    instead: "use fetch()",
  },
  inspector: {
    functions: ["open", "waitForDebugger"],
    classes: { Session: EventEmitter },
    others: { close() {}, url: () => undefined, console: globalThis.console, Network: {} },
  },
  repl: {
    functions: ["start"],
    classes: { REPLServer: EventEmitter, Recoverable: SyntaxError },
    others: {
      writer: internal.inspect, REPL_MODE_SLOPPY: Symbol("repl-sloppy"), REPL_MODE_STRICT: Symbol("repl-strict"), builtinModules: [], isValidSyntax: () => false,
    },
  },
  tls: {
    functions: ["createSecureContext", "createServer", "connect", "createSecurePair", "checkServerIdentity", "convertALPNProtocols"],
    classes: { SecureContext: Object, TLSSocket: stream.Duplex, Server: EventEmitter },
    others: {
      CLIENT_RENEG_LIMIT: 3, CLIENT_RENEG_WINDOW: 600, DEFAULT_CIPHERS: "", DEFAULT_ECDH_CURVE: "auto", DEFAULT_MIN_VERSION: "TLSv1.2",
      DEFAULT_MAX_VERSION: "TLSv1.3", getCiphers: () => [], rootCertificates: Object.freeze([]),
    },
    instead: "use fetch()",
  },
  trace_events: { functions: ["createTracing"], others: { getEnabledCategories: () => undefined } },
  wasi: { classes: { WASI: Object }, instead: "b8g runs WASI programs itself" },
  crypto: {
    functions: [
      "checkPrime", "checkPrimeSync", "createCipheriv", "createDecipheriv", "createDiffieHellman", "createDiffieHellmanGroup", "createECDH", "createHash",
      "createHmac", "createPrivateKey", "createPublicKey", "createSecretKey", "createSign", "createVerify", "diffieHellman", "hkdf", "hkdfSync", "pbkdf2",
      "pbkdf2Sync", "generateKeyPair", "generateKeyPairSync", "generateKey", "generateKeySync", "scrypt", "scryptSync", "sign", "verify", "hash",
      "timingSafeEqual", "randomBytes", "randomFill", "randomFillSync", "randomInt",
    ],
    others: {
      webcrypto: globalThis.crypto, getHashes: () => [], getCiphers: () => [], getCurves: () => [], constants: {}, getFips: () => 0,
      randomUUID: () => globalThis.crypto.randomUUID(), getRandomValues: (array) => globalThis.crypto.getRandomValues(array),
    },
  },
  zlib: {
    functions: [
      "deflate", "deflateSync", "gzip", "gzipSync", "deflateRaw", "deflateRawSync", "unzip", "unzipSync", "inflate", "inflateSync", "gunzip", "gunzipSync",
      "inflateRaw", "inflateRawSync", "brotliCompress", "brotliCompressSync", "brotliDecompress", "brotliDecompressSync", "createDeflate", "createInflate",
      "createDeflateRaw", "createInflateRaw", "createGzip", "createGunzip", "createUnzip", "createBrotliCompress", "createBrotliDecompress", "crc32",
    ],
    classes: {
      Deflate: stream.Transform, Inflate: stream.Transform, Gzip: stream.Transform, Gunzip: stream.Transform, DeflateRaw: stream.Transform,
      InflateRaw: stream.Transform, Unzip: stream.Transform, BrotliCompress: stream.Transform, BrotliDecompress: stream.Transform,
    },
    others: { constants: {}, codes: {} },
  },
};

for (const name of ObjectKeys(refused)) {
  const { functions = [], classes = {}, others = {}, instead } = refused[name];
  const module = { ...others };
  for (const fn of functions) module[fn] = refuse(`${name}.${fn}()`, instead);
  for (const Class of ObjectKeys(classes)) {
    module[Class] = refuseClass(`${name}.${Class}`, instead, classes[Class]);
    ObjectDefineProperty(module[Class], "name", { value: Class, configurable: true });
  }
  modules[`node:${name}`] ??= module;
}
internal.listBuiltins();
