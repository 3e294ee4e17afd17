import { OpenSetError, type Ranks } from '@openset/core';

/** Another rank of a data-parallel run failed. */
export class OtherRankError extends OpenSetError {
  override readonly name: string = 'OtherRankError';
}

/** How the work of a rank ended. */
type Outcome<T> = { readonly value: T } | { readonly message: string };

/** Returns whether any rank says yes. */
export async function anyRank(ranks: Ranks | null, isTrue: boolean): Promise<boolean> {
  if (!ranks) return isTrue;
  const answers = await ranks.gather(Int32Array.of(isTrue ? 1 : 0));
  return answers.some(([answer]) => answer === 1);
}

/**
 * Runs work on rank 0 alone, and returns its result on all ranks. The result is plain JSON, whose numbers may be non-finite.
 * @throws on rank 0 what the work throws, and on the others an OtherRankError
 */
export async function onFirstRank<T>(ranks: Ranks | null, work: () => T | Promise<T>): Promise<T> {
  if (!ranks) return work();
  const own = ranks.rank === 0 ? await settle(work) : null;
  const [first] = await gatherJson(ranks, own?.outcome ?? null);
  return unwrap(0, first as Outcome<T>, own?.error);
}

/**
 * Runs work on all ranks, and returns the result of rank 0 on all of them, so that they decide alike. The result is plain JSON, whose numbers
 * may be non-finite.
 * @throws on a rank what its work throws, and an OtherRankError if only others failed
 */
export async function onAllRanks<T>(ranks: Ranks | null, work: () => T | Promise<T>): Promise<T> {
  return ranks ? (await gatherResults(ranks, work))[0]! : work();
}

/**
 * Runs work on all ranks, and returns the results of all of them, by rank. They are plain JSON, whose numbers may be non-finite.
 * @throws on a rank what its work throws, and an OtherRankError if only others failed
 */
export async function gatherResults<T>(ranks: Ranks, work: () => T | Promise<T>): Promise<T[]> {
  const own = await settle(work);
  const outcomes = (await gatherJson(ranks, own.outcome)) as Outcome<T>[];
  const isFailed = (outcome: Outcome<T>) => 'message' in outcome;
  const failed = isFailed(own.outcome) ? ranks.rank : outcomes.findIndex(isFailed);
  if (failed >= 0) return [unwrap(failed, outcomes[failed]!, own.error)];
  return outcomes.map((outcome, rank) => unwrap(rank, outcome, undefined));
}

async function settle<T>(work: () => T | Promise<T>): Promise<{ outcome: Outcome<T>; error?: unknown }> {
  try {
    return { outcome: { value: await work() } };
  } catch (error) {
    return { outcome: { message: error instanceof Error ? error.message : String(error) }, error };
  }
}

/** @param error what the work of this rank threw */
function unwrap<T>(rank: number, outcome: Outcome<T>, error: unknown): T {
  if (error !== undefined) throw error;
  if ('message' in outcome) throw new OtherRankError(`Rank ${rank} failed: ${outcome.message}`);
  return outcome.value;
}

/** Returns the values of all ranks, by rank. They are plain JSON, whose numbers may be non-finite. */
async function gatherJson(ranks: Ranks, value: unknown): Promise<unknown[]> {
  const texts = await ranks.gather(new TextEncoder().encode(encodeJson(value)));
  return texts.map((text) => decodeJson(new TextDecoder().decode(text)));
}

const nonFinite = '$nonFinite';

function encodeJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'number' && !Number.isFinite(each) ? { [nonFinite]: String(each) } : each,
  );
}

function decodeJson(text: string): unknown {
  return JSON.parse(text, (_, each: unknown) =>
    each !== null && typeof each === 'object' && nonFinite in each ? Number(each[nonFinite]) : each,
  );
}
