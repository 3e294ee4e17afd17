import { type FileHandle, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';

/** What a directory of checkpoints needs of a file system. */
export interface DurableFiles {
  /** Makes a folder and those above it; it may exist. */
  makeFolder(path: string): Promise<void>;
  /** Writes a new file; its bytes are on the disk when this returns. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Writes a file of zeros, as `write` would. */
  writeZeros(path: string, length: number): Promise<void>;
  read(path: string): Promise<Uint8Array>;
  /** Names of the files and folders in a folder; empty if there is no such folder. */
  list(path: string): Promise<string[]>;
  /** Renames a file or folder, at once. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all that is in it; it may be gone already. */
  remove(path: string): Promise<void>;
  /** Brings names made, renamed or removed in a folder onto the disk. */
  syncFolder(path: string): Promise<void>;
  /** Bytes that may be written; null where the system does not tell. */
  freeBytes(path: string): Promise<number | null>;
}

const pieceLength = 1 << 22;

/** A file's bytes bit by bit: Node reads and hashes no more than 2 GiB at a time. */
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
    // Windows has no such thing, and keeps names safe by itself.
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
    // Some network and memory file systems tell nothing.
    return blocks === 0 ? null : bavail * bsize;
  },
};

/** Reads on until the piece is full. */
async function readFully(handle: FileHandle, piece: Uint8Array): Promise<void> {
  for (let done = 0; done < piece.length; ) {
    const { bytesRead } = await handle.read(piece, done, piece.length - done);
    if (bytesRead === 0) throw new Error('the file has become shorter while it was read');
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
