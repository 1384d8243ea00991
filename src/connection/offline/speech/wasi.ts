/**
 * As much of WASI as a command-line program needs that writes one file: arguments, standard output, and files in
 * memory. Node's own would print a warning, and let the program see the disk. Time stands still.
 */
import { expectError } from "../../../diagnostics/expected.ts";

export interface WasiRun {
  readonly exitCode: number;
  /** What the program wrote, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Runs the program's `_start` to its end. A trap is thrown on, as a WebAssembly.RuntimeError. */
export function runWasi(program: WebAssembly.Module, args: readonly string[]): WasiRun {
  const system = new System(args);
  const imports = Object.fromEntries(
    WebAssembly.Module.imports(program).map(({ name }) => [name, system.call(name)]),
  );
  const { exports } = new WebAssembly.Instance(program, { wasi_snapshot_preview1: imports });
  const { memory, start } = readExports(exports);
  system.memory = memory;
  let exitCode = 0;
  try {
    start();
  } catch (error) {
    expectError(error, Exit);
    exitCode = error.code;
  }
  return { exitCode, files: system.written() };
}

class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

interface File {
  bytes: Uint8Array;
  length: number;
  position: number;
}

type Call = (...values: never[]) => number;

class System {
  memory = new WebAssembly.Memory({ initial: 0 });
  readonly #args: readonly Uint8Array[];
  readonly #files = new Map<string, File>();
  readonly #open = new Map<number, File>();
  #nextDescriptor = folderDescriptor + 1;

  constructor(args: readonly string[]) {
    this.#args = args.map((arg) => Buffer.from(`${arg}\0`));
  }

  /** The function behind an import; one we lack fails when it is called, and not before. */
  call(name: string): Call {
    return this.#calls[name] ?? (() => errors.unsupported);
  }

  written(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#files].map(([name, file]) => [name, file.bytes.slice(0, file.length)]));
  }

  /** Anew for every call: memory that has grown has another buffer. */
  get #view(): DataView {
    return new DataView(this.memory.buffer);
  }

  readonly #calls: Readonly<Record<string, Call>> = {
    args_sizes_get: (count: number, size: number) => {
      this.#view.setUint32(count, this.#args.length, true);
      this.#view.setUint32(
        size,
        this.#args.reduce((sum, arg) => sum + arg.length, 0),
        true,
      );
      return errors.none;
    },
    args_get: (pointers: number, text: number) => {
      let at = text;
      for (const [index, arg] of this.#args.entries()) {
        this.#view.setUint32(pointers + 4 * index, at, true);
        new Uint8Array(this.memory.buffer).set(arg, at);
        at += arg.length;
      }
      return errors.none;
    },
    clock_time_get: (_clock: number, _precision: bigint, time: number) => {
      this.#view.setBigUint64(time, 0n, true);
      return errors.none;
    },
    fd_prestat_get: (descriptor: number, result: number) => {
      if (descriptor !== folderDescriptor) return errors.badDescriptor;
      this.#view.setUint32(result, 0, true);
      this.#view.setUint32(result + 4, folderName.length, true);
      return errors.none;
    },
    fd_prestat_dir_name: (_descriptor: number, name: number) => {
      new Uint8Array(this.memory.buffer).set(Buffer.from(folderName), name);
      return errors.none;
    },
    fd_fdstat_get: (descriptor: number, result: number) => {
      const kind = descriptor === folderDescriptor ? 3 : descriptor < folderDescriptor ? 2 : 4;
      this.#view.setUint16(result, kind, true);
      this.#view.setUint16(result + 2, 0, true);
      // All rights, own and inherited.
      this.#view.setBigInt64(result + 8, -1n, true);
      this.#view.setBigInt64(result + 16, -1n, true);
      return errors.none;
    },
    fd_fdstat_set_flags: () => errors.none,
    path_open: (...values: number[]) => this.#openFile(values),
    fd_close: (descriptor: number) => (this.#open.delete(descriptor) ? errors.none : errors.badDescriptor),
    fd_seek: (descriptor: number, offset: bigint, origin: number, result: number) => {
      const file = this.#open.get(descriptor);
      if (file === undefined) return errors.notSeekable;
      const start = [0, file.position, file.length][origin] ?? 0;
      file.position = start + Number(offset);
      this.#view.setBigUint64(result, BigInt(file.position), true);
      return errors.none;
    },
    fd_read: (_descriptor: number, _vectors: number, _count: number, result: number) => {
      this.#view.setUint32(result, 0, true);
      return errors.none;
    },
    fd_write: (descriptor: number, vectors: number, count: number, result: number) => {
      const file = this.#open.get(descriptor);
      let total = 0;
      for (let index = 0; index < count; index += 1) {
        const at = this.#view.getUint32(vectors + 8 * index, true);
        const length = this.#view.getUint32(vectors + 8 * index + 4, true);
        // Standard output and error are of no interest: the exit code says what there is to say.
        if (file !== undefined) write(file, new Uint8Array(this.memory.buffer, at, length));
        total += length;
      }
      this.#view.setUint32(result, total, true);
      return errors.none;
    },
    proc_exit: (code: number) => {
      throw new Exit(code);
    },
  };

  /** Opens for writing, made anew; there is nothing to read. */
  #openFile([, , name = 0, nameLength = 0, flags = 0, , , , result = 0]: readonly number[]): number {
    if ((flags & createFlag) === 0) return errors.noEntry;
    const file: File = { bytes: new Uint8Array(1 << 16), length: 0, position: 0 };
    this.#files.set(Buffer.from(new Uint8Array(this.memory.buffer, name, nameLength)).toString(), file);
    this.#open.set(this.#nextDescriptor, file);
    this.#view.setUint32(result, this.#nextDescriptor, true);
    this.#nextDescriptor += 1;
    return errors.none;
  }
}

function write(file: File, bytes: Uint8Array): void {
  const end = file.position + bytes.length;
  if (end > file.bytes.length) {
    const grown = new Uint8Array(Math.max(end, 2 * file.bytes.length));
    grown.set(file.bytes);
    file.bytes = grown;
  }
  file.bytes.set(bytes, file.position);
  file.position = end;
  file.length = Math.max(file.length, end);
}

function readExports(exports: WebAssembly.Exports): { memory: WebAssembly.Memory; start: () => void } {
  return { memory: exports["memory"] as WebAssembly.Memory, start: exports["_start"] as () => void };
}

/** The one folder a program is given; 0 to 2 are the standard streams. */
const folderDescriptor = 3;
const folderName = "/";
const createFlag = 1;
/** WASI's numbers. */
const errors = { none: 0, badDescriptor: 8, noEntry: 44, unsupported: 52, notSeekable: 70 };
