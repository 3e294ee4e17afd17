import { OpenSetError } from '@openset/core';

/** A worker thread could not start or died during its work. */
export class WorkerError extends OpenSetError {
  override readonly name = 'WorkerError';
}
