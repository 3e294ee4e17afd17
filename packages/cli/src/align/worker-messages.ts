import type { AlignSettings } from './align-journal.ts';
import type { PhotoCrops, PhotoTask } from './align-photo.ts';

/** Data with which a worker thread starts. */
export interface WorkerSetup {
  readonly settings: AlignSettings;
}

/** A message to a worker thread. */
export interface WorkerTask {
  readonly id: number;
  readonly task: PhotoTask;
}

/** The answer of a worker thread to a task. */
export type WorkerReply =
  | { readonly id: number; readonly crops: PhotoCrops }
  | { readonly id: number; readonly error: string };
