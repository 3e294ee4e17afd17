import { OpenSetError } from '@openset/core';

/** A name or an identifier is taken. The message says by whom. */
export class ConflictError extends OpenSetError {
  override readonly name = 'ConflictError';
}
