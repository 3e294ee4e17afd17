import { type DurableFiles, nodeFiles } from '../checkpoints/durable-files.ts';

/** An operation that changes files. */
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
 * Wraps the file system of Node: calls `before` ahead of each operation that changes files, with its number, counted from 1.
 * If `before` throws, the operation fails; a failed write leaves half of its bytes.
 */
export function watchedFiles(before: (operation: FileOperation, count: number) => void): DurableFiles {
  let count = 0;
  const watched = operations.map((operation) => {
    const perform = nodeFiles[operation] as (path: string, extra: never) => Promise<void>;
    return [
      operation,
      async (path: string, extra: never) => {
        try {
          before(operation, ++count);
        } catch (error) {
          if (operation === 'write') await nodeFiles.write(path, firstHalf(extra));
          throw error;
        }
        await perform(path, extra);
      },
    ] as const;
  });
  return { ...nodeFiles, ...Object.fromEntries(watched) };
}

function firstHalf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.length >> 1);
}
