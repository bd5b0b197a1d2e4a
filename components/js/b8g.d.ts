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
    readonly resources: (Channel | File | Connection)[];
  }

  /** One end of a channel: messages go to the other end, whole and in order, and come from there. */
  export interface Channel extends AsyncIterable<Message> {
    /**
     * Sends a message of at most 1 MiB, and resolves when there was room for it. What is in `transfer` belongs to the receiver
     * then: it is closed here.
     */
    send(data: string | ArrayBuffer | ArrayBufferView, options?: { transfer?: (Channel | File | Connection)[] }): Promise<void>;
    /** The next message; null when the other end is closed and everything was received. */
    receive(): Promise<Message | null>;
    close(): void;
    [Symbol.dispose](): void;
  }

  /** The channels that the program was given, in their order. */
  export const channels: Channel[];

  /** Makes a channel: both its ends. */
  export function channel(): [Channel, Channel];

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
