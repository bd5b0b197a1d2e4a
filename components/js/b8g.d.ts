/**
 * The module "b8g": the door to what a program was granted.
 *
 * Paths are as the user wrote them in the grants. What was not granted throws an error named `PermissionDenied` whose message
 * names the flag of `b8g run` that would grant it; `code` is the error's name in POSIX.
 */
declare module "b8g" {
  /** The arguments behind the file's name on the command line. */
  export const args: string[];

  /** An environment value; undefined when it was granted and is not set. Throws PermissionDenied when it was not granted. */
  export function env(name: string): string | undefined;

  /** Ends the program with this exit code. */
  export function exit(code?: number): never;

  /**
   * How to open a file. Without options it is opened for reading. Each of `create`, `createNew`, `append` and `truncate` means
   * `write` too; what is opened for writing can be read only if `read` says so.
   */
  export interface OpenOptions {
    read?: boolean;
    write?: boolean;
    /** Make it when it is absent. */
    create?: boolean;
    /** Make it; fail when it exists. */
    createNew?: boolean;
    /** Every write goes to the end. */
    append?: boolean;
    /** Cut it to nothing first. */
    truncate?: boolean;
  }

  /** Something to read from and write to. */
  interface Resource {
    /** Its bytes as a source of stages: see `flow`. */
    pipe(stage: Stage<Uint8Array, any> | Component | string | TransformStream, options?: SpawnOptions): Flow<any>;
    /** Reads up to `buffer.length` bytes and gives their number; null at the end. */
    read(buffer: Uint8Array): Promise<number | null>;
    /** Everything from here to the end. */
    bytes(): Promise<Uint8Array>;
    /** Everything from here to the end, as UTF-8. */
    text(): Promise<string>;
    /** Writes all of it and gives the number of bytes. */
    write(data: string | ArrayBuffer | ArrayBufferView): Promise<number>;
    close(): void;
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<string | ArrayBuffer | ArrayBufferView>;
    [Symbol.dispose](): void;
    [Symbol.asyncDispose](): Promise<void>;
  }

  /** An open file. */
  export interface File extends Resource {
    /** Moves the position and gives the new one, in bytes from the start. */
    seek(offset: number | bigint, whence?: "start" | "current" | "end" | 0 | 1 | 2): Promise<number>;
    stat(): Promise<FileInfo>;
    /** Cuts or extends the file to this many bytes. */
    truncate(size?: number): Promise<void>;
    /** Resolves when everything is on the device. */
    sync(): Promise<void>;
  }

  /** A TCP connection. */
  export interface Connection extends Resource {
    /** Says that nothing more will be written; reading goes on. */
    closeWrite(): Promise<void>;
  }

  /** Standard input, output or error. Closing it does nothing. */
  export interface Standard extends Resource {
    /** Writes without waiting for anybody and gives the number of bytes. */
    writeSync(data: string | ArrayBuffer | ArrayBufferView): number;
  }

  /** What a path or an open file is. */
  export interface FileInfo {
    isFile: boolean;
    isDirectory: boolean;
    isSymlink: boolean;
    /** Bytes. */
    size: number;
    mtime: Date | null;
    atime: Date | null;
    /** When its description changed last. */
    ctime: Date | null;
    /** The file system's number, and the file's number in it. */
    dev: number;
    ino: number;
    nlink: number;
  }

  /** A name in a directory. */
  export interface DirEntry {
    name: string;
    isFile: boolean;
    isDirectory: boolean;
    isSymlink: boolean;
  }

  export function open(path: string | URL, options?: OpenOptions): Promise<File>;
  export function readFile(path: string | URL): Promise<Uint8Array>;
  export function readTextFile(path: string | URL): Promise<string>;
  export interface WriteOptions {
    append?: boolean;
    /** True unless said otherwise. */
    create?: boolean;
    createNew?: boolean;
  }
  export function writeFile(path: string | URL, data: ArrayBuffer | ArrayBufferView, options?: WriteOptions): Promise<void>;
  export function writeTextFile(path: string | URL, text: string, options?: WriteOptions): Promise<void>;
  /** The names in a directory, in no order, without "." and "..". */
  export function readDir(path: string | URL): AsyncIterable<DirEntry>;
  /** What a path is; a symbolic link is followed. */
  export function stat(path: string | URL): Promise<FileInfo>;
  /** What a path is; a last symbolic link is not followed. */
  export function lstat(path: string | URL): Promise<FileInfo>;
  export function mkdir(path: string | URL, options?: { recursive?: boolean }): Promise<void>;
  /** Removes a file or an empty directory; with `recursive` all that is below it too. */
  export function remove(path: string | URL, options?: { recursive?: boolean }): Promise<void>;
  export function rename(from: string | URL, to: string | URL): Promise<void>;
  export function connect(to: { host?: string; port: number }): Promise<Connection>;

  export const stdin: Standard;
  export const stdout: Standard;
  export const stderr: Standard;

  /** A message as it arrived. */
  export interface Message {
    readonly data: Uint8Array;
    /** The data, as UTF-8. */
    readonly text: string;
    /** What was sent along: it is this program's now. */
    readonly resources: Sendable[];
  }

  /** One end of a channel: messages go to the other end, whole and in order, and come from there. */
  export interface Channel extends AsyncIterable<Message> {
    /**
     * Sends a message of at most 1 MiB, and resolves when there was room for it. What is in `transfer` belongs to the receiver
     * then: it is closed here.
     */
    send(data: string | ArrayBuffer | ArrayBufferView, options?: { transfer?: Sendable[] }): Promise<void>;
    /**
     * The next message; null when the other end is closed and everything was received. One of more than `maxBytes`, or with more
     * resources than this program has room for, stays where it is: that rejects with an error named `LimitReached`, as often as one
     * asks, until `discard`.
     */
    receive(options?: { maxBytes?: number }): Promise<Message | null>;
    /**
     * Drops the next message with what was sent along, however large it is, and waits for one as `receive` does; false when the other
     * end is closed and nothing is left.
     */
    discard(): Promise<boolean>;
    close(): void;
    [Symbol.dispose](): void;
  }

  /** The channels that the program was given, in their order. */
  export const channels: Channel[];

  /** Makes a channel: both its ends. */
  export function channel(): [Channel, Channel];

  /** What can be sent to another context: it is the receiver's then, and closed here. */
  export type Sendable = Channel | File | Connection | StreamReader | StreamWriter | SharedMemory | SharedEvent | Component;

  // ---- streams ----

  /** The end of a stream that reads. Reading throws BrokenPipe when the writer aborted it, or died. */
  export interface StreamReader extends Resource, AsyncIterable<Uint8Array> {
    /** Wants no more: whoever writes gets an error, and can ask for this number. */
    cancel(reason?: number): void;
    /** The writer's number, if it aborted the stream. */
    readonly reason: number | null;
  }

  /** The end of a stream that writes. Closing it ends the stream well. */
  export interface StreamWriter extends Resource {
    /** Ends the stream so that whoever reads gets an error behind what was written, and can ask for this number. */
    abort(reason?: number): void;
    /** The reader's number, if it is gone. */
    readonly reason: number | null;
  }

  /**
   * Makes a stream. At most `capacity` bytes wait for the reader, 65,536 if nothing is said; with 0 a writer has room when the
   * reader asks. Only whole elements of `elementSize` bytes move.
   */
  export function stream(options?: { capacity?: number; elementSize?: number }): { reader: StreamReader; writer: StreamWriter };

  /** The ends of streams that the program was given, in their order. */
  export const streams: (StreamReader | StreamWriter)[];

  // ---- what contexts share ----

  /** Memory that several contexts see. What is read and written here is copied. */
  export interface SharedMemory {
    /** Bytes. */
    readonly size: number;
    read(position?: number, length?: number): Uint8Array;
    write(position: number, data: string | ArrayBuffer | ArrayBufferView): number;
    close(): void;
    [Symbol.dispose](): void;
  }
  export function sharedMemory(size: number): SharedMemory;

  /** The event "signal" of a `SharedEvent`. */
  export interface SignalEvent extends Event {
    /** The bits that were set, and are cleared now. */
    readonly bits: number;
  }

  /** 32 bits that several contexts set, clear and wait for. While somebody listens to "signal", bits that are set are taken. */
  export interface SharedEvent extends EventTarget {
    readonly bits: number;
    /** Sets bits, 1 if nothing is said; gives those that were set before. */
    set(bits?: number): number;
    /** Clears bits, all if nothing is said; gives those that were set before. */
    clear(bits?: number): number;
    /** Resolves in the bits once one is set. */
    wait(): Promise<number>;
    close(): void;
    [Symbol.dispose](): void;
  }
  export function sharedEvent(bits?: number): SharedEvent;

  /** Keys of 32 bytes: contexts that hold the same one can link. */
  export const keys: {
    /** A new key; it can be bound until it is revoked, or this program ends. */
    mint(): Uint8Array;
    /** An end of a channel: the other one is of whoever binds the same key, in pairs. Nothing tells whether anybody does. */
    bind(key: ArrayBuffer | ArrayBufferView): Channel;
    revoke(key: ArrayBuffer | ArrayBufferView): void;
  };

  // ---- tasks ----

  /** Code that can be started, or a task that was frozen. */
  export interface Component {
    close(): void;
    [Symbol.dispose](): void;
  }

  /**
   * Makes a component of a source text or of wasm. Text is TypeScript and bytes are wasm if nothing is said. It can import
   * what is built in, such as this module, and nothing else. Throws a SyntaxError for what is wrong.
   */
  export function compile(source: string | Uint8Array, options?: { language?: "ts" | "js" | "wasm" }): Component;

  /** What a task gets of what this program has, and its bounds, which are never above this program's own. */
  export interface SpawnOptions {
    language?: "ts" | "js" | "wasm";
    args?: Iterable<unknown>;
    /** Paths that it may read; `true`, together with `write: true`, is all that this program may. */
    read?: string | string[] | true;
    write?: string | string[] | true;
    /** Addresses that it may connect to: "host" or "host:port". */
    net?: string | string[] | true;
    /** Names of environment values that it may read. */
    env?: string | string[] | true;
    /** "null" unless said otherwise; "piped" makes `stdin` of the task. */
    stdin?: "null" | "inherit" | "piped" | StreamReader;
    /** "inherit" unless said otherwise; "piped" makes `stdout` of the task. */
    stdout?: "null" | "inherit" | "piped" | StreamWriter;
    stderr?: "null" | "inherit" | "piped" | StreamWriter;
    /** The first of its `channels`; they are closed here. The last one is its `channel` to this program. */
    channels?: Channel[];
    streams?: (StreamReader | StreamWriter)[];
    /** True unless said otherwise. */
    clocks?: boolean;
    random?: boolean;
    /** Cryptography and compression. */
    compute?: boolean;
    /** Whether it may start tasks, and link by keys; false unless said otherwise. */
    tasks?: boolean;
    keys?: boolean;
    /** Bytes of memory, milliseconds until its deadline, bytes of output. */
    memory?: number;
    timeout?: number;
    output?: number;
    /** Cancels it; and stops it when it has not ended `grace` milliseconds later, 1,000 if nothing is said. */
    signal?: AbortSignal;
    grace?: number;
  }

  /** How a task ended, and what it used. */
  export interface TaskStatus {
    success: boolean;
    reason: "exit" | "error" | "timeout" | "output" | "trap" | "memory" | "policy" | "cancelled";
    code: number;
    /** The error with its stack trace, or what else happened. */
    message: string;
    /** Milliseconds. */
    wall: number;
    cpu: number;
    /** Bytes: the most memory it had, and what it wrote. */
    memory: number;
    output: number;
    calls: number;
    /** How many different things it was refused. */
    refused: number;
  }

  /** A running component. Awaiting it gives how it ended. It is stopped when it is closed, and when this program ends. */
  export interface Task extends PromiseLike<TaskStatus> {
    readonly status: Promise<TaskStatus>;
    readonly channel: Channel;
    readonly stdin: StreamWriter | null;
    readonly stdout: StreamReader | null;
    readonly stderr: StreamReader | null;
    /** Asks it to stop: its `cancelled` is aborted. One that does not hold that signal ends when it next waits. */
    cancel(): void;
    /** Stops it at once. */
    kill(): void;
    suspend(): void;
    resume(): void;
    /** Freezes it where it waits: what comes can be started, as often as one likes, and goes on from there. */
    snapshot(): Promise<Component>;
    close(): void;
    catch(rejected: (reason: unknown) => unknown): Promise<unknown>;
    finally(settled: () => void): Promise<TaskStatus>;
    [Symbol.dispose](): void;
    [Symbol.asyncDispose](): Promise<void>;
  }

  /** Starts a component, or a source text, as a task on a thread of its own, with what it is given and nothing else. */
  export function spawn(component: Component | string | Uint8Array, options?: SpawnOptions): Task;

  /**
   * Starts a task, and again when it does not end well, after `delay` milliseconds and then twice as many each time, up to
   * `longest`. Resolves in how the last one ended.
   */
  export function supervise(
    begin: (count: number) => Task | PromiseLike<TaskStatus>,
    options?: {
      restarts?: number;
      delay?: number;
      longest?: number;
      /** Starts it again even if it ended well. */
      always?: boolean;
      signal?: AbortSignal;
      ended?: (status: TaskStatus, count: number) => void;
    },
  ): Promise<TaskStatus>;

  /** Aborted when whoever started this program asks it to stop. A program that never looks at it ends then. */
  export const cancelled: AbortSignal;

  // ---- composition ----

  /** What items go through. */
  export interface Stage<In, Out> {
    readonly "a stage": [In, Out];
  }

  /** Items that are made when they are asked for, through stages that may be components in contexts of their own. */
  export interface Flow<T> extends AsyncIterable<T> {
    pipe<U>(stage: Stage<T, U>): Flow<U>;
    /**
     * A component, or its source, whose standard input is what comes and whose standard output goes on. Components in a row read
     * from one another: what goes between them does not pass this program.
     */
    pipe(component: Component | string, options?: SpawnOptions): Flow<Uint8Array>;
    pipe<U>(stage: TransformStream<T, U> | ((items: AsyncIterable<T>) => AsyncIterable<U>)): Flow<U>;
    /** Brings all items to their end. */
    to(sink: WritableStream<T> | Resource | ((item: T) => unknown)): Promise<void>;
    toArray(): Promise<T[]>;
    reduce<U>(fold: (value: U, item: T) => U | PromiseLike<U>, value: U): Promise<U>;
  }

  export function flow<T>(source: Iterable<T> | AsyncIterable<T> | ReadableStream<T>): Flow<T>;
  export function flow(source: string | Resource): Flow<any>;

  /**
   * What a function makes of each item. Of a component, or its source, it is the function that it exports as `main` or as its
   * default; items go there and back as JSON, `Uint8Array` as it is.
   */
  export function map<T, U>(by: (item: T, index: number) => U | PromiseLike<U>): Stage<T, U>;
  export function map(by: Component | string, options?: SpawnOptions): Stage<any, any>;
  /** The items for which the function gives something true. */
  export function filter<T>(by: (item: T, index: number) => unknown): Stage<T, T>;
  export function filter(by: Component | string, options?: SpawnOptions): Stage<any, any>;
  /** The items of what a function makes of each item. */
  export function flatMap<T, U>(by: (item: T, index: number) => Iterable<U> | U | PromiseLike<Iterable<U> | U>): Stage<T, U>;
  export function flatMap(by: Component | string, options?: SpawnOptions): Stage<any, any>;
  /** So many items; then whoever makes them is told that no more are wanted. */
  export function take<T>(count: number): Stage<T, T>;
  /** The lines of text that comes in pieces, or of UTF-8. */
  export function lines(): Stage<string | Uint8Array, string>;
  /** As `pipe` with a component. */
  export function through(component: Component | string, options?: SpawnOptions): Stage<any, Uint8Array>;

  /** What a checkpoint resolved in. */
  export interface Checkpoint {
    /** True in a program that goes on from the image; false in the one that was frozen, or under a command that freezes nothing. */
    restored: boolean;
    /** The number of this copy among those that were restored together, from 0; null in the program that was frozen. */
    copy: number | null;
  }

  /**
   * A moment at which the program can be frozen: `b8g snapshot` writes an image here, and the promise resolves; in every program
   * that `b8g resume` starts from the image it resolves again. Randomness, clocks, arguments and what is granted are new then;
   * files and connections that were open are closed.
   */
  export function checkpoint(): Promise<Checkpoint>;

  /** The classes of the errors that this module throws, for `instanceof`. */
  export const errors: Record<string, new (message?: string) => Error & { code: string }>;
}
