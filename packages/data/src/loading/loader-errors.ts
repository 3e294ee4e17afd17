import { OpenSetError } from '@openset/core';

/** A worker thread could not start, or ended in the middle of its work. */
export class WorkerError extends OpenSetError {
  override readonly name = 'WorkerError';
}
