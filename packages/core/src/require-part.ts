import { ConfigError } from './errors.ts';

/**
 * Refuses what is no part of the operation, such as a margin written as plain data, which has numbers but no functions.
 * @param expected what makes a part
 * @throws ConfigError unless the part can check itself
 */
export function requirePart(what: string, part: { check(...given: never): void }, expected: string): void {
  if (typeof part?.check === 'function') return;
  throw new ConfigError(`${what} must be ${expected}, but is ${JSON.stringify(part)}.`);
}
