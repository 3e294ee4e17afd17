/** What the name of a checkpoint's folder says. */
export interface CheckpointName {
  readonly name: string;
  readonly step: number;
  /** 1, or more where a run came to the same step again. */
  readonly revision: number;
  readonly isBest: boolean;
}

const pattern = /^step-(\d{8,})(?:\.(\d+))?(-best)?$/;

/** Checkpoints among names of files, newest first. */
export function parseCheckpointNames(names: readonly string[]): CheckpointName[] {
  const found = names.flatMap((name) => {
    const [, step, revision = '1', best] = pattern.exec(name) ?? [];
    return step ? [{ name, step: Number(step), revision: Number(revision), isBest: best !== undefined }] : [];
  });
  return found.sort((first, second) => second.step - first.step || second.revision - first.revision);
}

/** A name that none of the existing checkpoints has: what is there is never written over. */
export function newCheckpointName(
  existing: readonly CheckpointName[],
  { step, isBest }: { step: number; isBest: boolean },
): string {
  const revisions = existing.filter((one) => one.step === step).map(({ revision }) => revision);
  const revision = Math.max(0, ...revisions) + 1;
  return `step-${String(step).padStart(8, '0')}${revision > 1 ? `.${revision}` : ''}${isBest ? '-best' : ''}`;
}

/** Those of the checkpoints, newest first, that are to stay: the newest ones, and the newest of the best. */
export function selectCheckpointsToKeep(
  checkpoints: readonly CheckpointName[],
  keepLast: number,
): CheckpointName[] {
  const best = checkpoints.find(({ isBest }) => isBest);
  return checkpoints.filter((one, index) => index < keepLast || one === best);
}
