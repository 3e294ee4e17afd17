import type { TSchema } from 'typebox';
import { ErrorAnswer } from './schemas.ts';

/** Returns the schemas of a route's answers: one of success, and errors. */
export function answers<T extends TSchema>(status: number, success: T) {
  return { [status]: success, '4xx': ErrorAnswer, '5xx': ErrorAnswer };
}
