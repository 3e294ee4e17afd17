import { OpenSetError } from '@openset/core';

/** A collective operation failed, or another rank ended. The program cannot go on on any rank. */
export class CommunicatorError extends OpenSetError {
  override readonly name = 'CommunicatorError';
}
