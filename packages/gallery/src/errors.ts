import { DataError, OpenSetError } from '@openset/core';

/** A name or an identifier is taken. The message says by whom. */
export class ConflictError extends OpenSetError {
  override readonly name = 'ConflictError';
}

/** There is no gallery at a place. */
export class MissingGalleryError extends DataError {}

/**
 * The store of a gallery cannot do the work now: another program locks it, its disk is full, or it cannot be reached. Nothing was
 * changed, so the same call may succeed later.
 */
export class StoreError extends OpenSetError {
  override readonly name = 'StoreError';
}
