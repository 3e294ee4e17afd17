import { DataError } from '@openset/core';
import { isStorableText } from './check-input.ts';
import type { JsonObject } from './gallery.ts';

/** Largest depth of nested lists and objects. */
const largestDepth = 100;

/**
 * Returns a copy of the metadata of a person. Properties that are undefined are left out.
 * @throws DataError if they are no JSON object, or hold text that databases cannot keep
 */
export function checkMetadata(metadata: JsonObject): JsonObject {
  if (!isPlainObject(metadata)) throw new DataError('The metadata of a person must be a JSON object.');
  checkJson(metadata, 'metadata', 0);
  return JSON.parse(JSON.stringify(metadata)) as JsonObject;
}

/** @param path of the value, for messages */
function checkJson(value: unknown, path: string, depth: number): void {
  if (depth > largestDepth) {
    throw new DataError(
      `The metadata of a person may be nested ${largestDepth} deep, but '${path.slice(0, 40)}…' is deeper.`,
    );
  }
  if (typeof value === 'string') checkText(value, path);
  if (typeof value === 'string' || value === null || typeof value === 'boolean' || Number.isFinite(value))
    return;
  if (Array.isArray(value)) {
    // Not forEach, which skips holes.
    for (let index = 0; index < value.length; index++)
      checkJson(value[index], `${path}[${index}]`, depth + 1);
    return;
  }
  if (!isPlainObject(value)) {
    throw new DataError(`The metadata of a person must be JSON, but ${path} is ${describeValue(value)}.`);
  }
  for (const [key, part] of Object.entries(value)) {
    checkText(key, path);
    if (part !== undefined) checkJson(part, `${path}.${key}`, depth + 1);
  }
}

function checkText(text: string, path: string): void {
  if (isStorableText(text)) return;
  throw new DataError(
    `The metadata of a person must be text without the character U+0000 and without half characters: see ${path}.`,
  );
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function describeValue(value: unknown): string {
  if (typeof value === 'object') return `an object of ${value?.constructor?.name ?? 'a class'}`;
  return typeof value === 'function' || typeof value === 'symbol' ? `a ${typeof value}` : String(value);
}
