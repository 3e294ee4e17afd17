import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';

/** File system operations of `DirectoryCheckpoints`. */
export interface DurableFiles {
  /** Creates a folder and its parents, unless they exist. */
  makeFolder(path: string): Promise<void>;
  /** Writes a new file and flushes it to disk. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Writes and flushes a new file of zeros. */
  writeZeros(path: string, length: number): Promise<void>;
  read(path: string): Promise<Uint8Array>;
  /** Fills `target` with the bytes of a file from a place on. */
  readInto(path: string, begin: number, target: Uint8Array): Promise<void>;
  /** Returns the length of a file in bytes. */
  size(path: string): Promise<number>;
  /** Lists the names of files and folders in a folder; empty if the folder does not exist. */
  list(path: string): Promise<string[]>;
  /** Renames a file or folder atomically. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or folder recursively, if it exists. */
  remove(path: string): Promise<void>;
  /** Flushes created, renamed and removed names of a folder to disk. */
  syncFolder(path: string): Promise<void>;
  /** Returns the number of free bytes; null if the system does not report it. */
  freeBytes(path: string): Promise<number | null>;
}

const pieceLength = 1 << 22;

/** Splits a file's bytes: Node reads and hashes at most 2 GiB at a time. */
export function* splitIntoPieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += pieceLength) {
    yield bytes.subarray(start, start + pieceLength);
  }
}

/** The file system of Node. */
export const nodeFiles: DurableFiles = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true });
  },
  async write(path, bytes) {
    await writeDurably(path, splitIntoPieces(bytes));
  },
  async writeZeros(path, length) {
    const piece = new Uint8Array(Math.min(pieceLength, length));
    const count = Math.ceil(length / pieceLength);
    const zeros = Array.from({ length: count }, (_, index) =>
      piece.subarray(0, length - index * pieceLength),
    );
    await writeDurably(path, zeros);
  },
  async read(path) {
    const handle = await open(path, 'r');
    try {
      const bytes = new Uint8Array((await handle.stat()).size);
      for (const piece of splitIntoPieces(bytes)) await readFully(handle, piece);
      return bytes;
    } finally {
      await handle.close();
    }
  },
  async readInto(path, begin, target) {
    const handle = await open(path, 'r');
    try {
      let place = begin;
      for (const piece of splitIntoPieces(target)) {
        await readFully(handle, piece, place);
        place += piece.length;
      }
    } finally {
      await handle.close();
    }
  },
  async size(path) {
    return (await stat(path)).size;
  },
  async list(path) {
    return readdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
  },
  rename,
  async remove(path) {
    await rm(path, { recursive: true, force: true });
  },
  async syncFolder(path) {
    // Windows cannot flush folders; it writes names durably itself.
    if (process.platform === 'win32') return;
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async freeBytes(path) {
    const { bavail, blocks, bsize } = await statfs(path);
    // Some network and memory file systems report nothing.
    return blocks === 0 ? null : bavail * bsize;
  },
};

/** Reads until the piece is full. @param begin place in the file; null to go on where the last read ended */
async function readFully(handle: FileHandle, piece: Uint8Array, begin: number | null = null): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    const place = begin === null ? null : begin + done;
    const { bytesRead } = await handle.read(piece, done, piece.length - done, place);
    if (bytesRead === 0) throw new Error('the file was truncated while it was read');
    done += bytesRead;
  }
}

async function writeDurably(path: string, content: Iterable<Uint8Array>): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    for (const piece of content) await handle.writeFile(piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
