import { join } from 'node:path';

/** Paths in the folder of a run. */
export interface RunFolder {
  readonly path: string;
  readonly config: string;
  /** Fingerprint of the images. */
  readonly data: string;
  /** The images that the run started with. */
  readonly images: string;
  /** List of the images that are skipped. */
  readonly skipped: string;
  readonly checkpoints: string;
  readonly events: string;
  readonly tensorBoard: string;
  readonly model: string;
  readonly report: string;
}

/** Returns the paths in the folder of a run. A file of its own, so that commands that read a model load no more of training. */
export function runFolder(path: string): RunFolder {
  return {
    path,
    config: join(path, 'config.json'),
    data: join(path, 'data.json'),
    images: join(path, 'images.jsonl'),
    skipped: join(path, 'skipped.csv'),
    checkpoints: join(path, 'checkpoints'),
    events: join(path, 'events.jsonl'),
    tensorBoard: join(path, 'tensorboard'),
    model: join(path, 'model.safetensors'),
    report: join(path, 'report.html'),
  };
}
