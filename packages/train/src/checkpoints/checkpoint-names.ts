/** Parsed name of a checkpoint's folder. */
export interface CheckpointName {
  readonly name: string;
  readonly step: number;
  /** 1 for the first checkpoint of a step, 2 for the next one of the same step. */
  readonly revision: number;
  readonly isBest: boolean;
}

const pattern = /^step-(\d{8,})(?:\.(\d+))?(-best)?$/;

/** Returns the checkpoints among file names, newest first; skips all other names. */
export function parseCheckpointNames(names: readonly string[]): CheckpointName[] {
  const found = names.flatMap((name) => {
    const [, step, revision = '1', best] = pattern.exec(name) ?? [];
    return step ? [{ name, step: Number(step), revision: Number(revision), isBest: best !== undefined }] : [];
  });
  return found.sort((first, second) => second.step - first.step || second.revision - first.revision);
}

/** Returns a name that no existing checkpoint has, so that none is overwritten. */
export function newCheckpointName(
  existing: readonly CheckpointName[],
  { step, isBest }: { step: number; isBest: boolean },
): string {
  const revisions = existing.filter((checkpoint) => checkpoint.step === step).map(({ revision }) => revision);
  const revision = Math.max(0, ...revisions) + 1;
  return `step-${String(step).padStart(8, '0')}${revision > 1 ? `.${revision}` : ''}${isBest ? '-best' : ''}`;
}

/** Returns the newest `keepLast` of the checkpoints, and the newest best one. Takes and returns them newest first. */
export function selectCheckpointsToKeep(
  checkpoints: readonly CheckpointName[],
  keepLast: number,
): CheckpointName[] {
  const best = checkpoints.find(({ isBest }) => isBest);
  return checkpoints.filter((checkpoint, index) => index < keepLast || checkpoint === best);
}
