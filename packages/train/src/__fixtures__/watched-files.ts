import { type DurableFiles, nodeFiles } from '../checkpoints/durable-files.ts';

/** The operations that change something. */
export type FileOperation = 'makeFolder' | 'write' | 'writeZeros' | 'rename' | 'remove' | 'syncFolder';

const operations: readonly FileOperation[] = [
  'makeFolder',
  'write',
  'writeZeros',
  'rename',
  'remove',
  'syncFolder',
];

/**
 * The file system of Node, watched: `before` is called before each operation that changes something, with the number of
 * the operation, and may throw; a write that it makes fail has left half of its bytes.
 */
export function watchedFiles(before: (operation: FileOperation, count: number) => void): DurableFiles {
  let count = 0;
  const watched = operations.map((operation) => {
    const work = nodeFiles[operation] as (path: string, extra: never) => Promise<void>;
    return [
      operation,
      async (path: string, extra: never) => {
        try {
          before(operation, ++count);
        } catch (error) {
          if (operation === 'write') await nodeFiles.write(path, halfOf(extra));
          throw error;
        }
        await work(path, extra);
      },
    ] as const;
  });
  return { ...nodeFiles, ...Object.fromEntries(watched) };
}

function halfOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.length >> 1);
}
