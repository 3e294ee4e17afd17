import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';

/** What a path names; null where there is nothing, or nothing that may be seen. */
export async function statusOf(path: string): Promise<Stats | null> {
  return stat(path).catch(() => null);
}
