import { DataError } from '@openset/core';

/** A parsed JSON object. */
export type Fields = Record<string, unknown>;

/**
 * Returns the object in the text of a fixture file.
 * @throws DataError if the text is not JSON
 */
export function parseFixtureText(text: string): Fields {
  try {
    return (JSON.parse(text) ?? {}) as Fields;
  } catch (error) {
    throw new DataError(`The fixture file is not JSON: ${String(error)}.`);
  }
}

/**
 * Returns a list of cases; an empty one if the file has none of this kind.
 * @throws DataError if it is not a list
 */
export function caseList(file: Fields, kind: string): unknown[] {
  const cases = file[kind] ?? [];
  if (!Array.isArray(cases)) throw new DataError(`The fixture file's '${kind}' must be a list.`);
  return cases;
}

/**
 * Returns a value as an object.
 * @throws DataError if it is none
 */
export function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new DataError(`${path} must be an object, but is ${describe(value)}.`);
}

/**
 * Checks a list of finite numbers.
 * @param booleans whether booleans are allowed too
 * @throws DataError that names the path of what is wrong
 */
export function checkList(value: unknown, path: string, length?: number, booleans = false): void {
  if (!Array.isArray(value)) throw new DataError(`${path} must be a list, but is ${describe(value)}.`);
  if (length !== undefined && value.length !== length) {
    throw new DataError(`${path} has ${value.length} values, not ${length}.`);
  }
  value.forEach((one, index) => {
    if (!(booleans && typeof one === 'boolean')) checkNumber(one, `${path}[${index}]`);
  });
}

/**
 * Checks that a value is a finite number.
 * @throws DataError if it is none
 */
export function checkNumber(value: unknown, path: string): void {
  if (Number.isFinite(value)) return;
  throw new DataError(`${path} must be a finite number, but is ${describe(value)}.`);
}

/**
 * Checks that a value is a whole number above 0.
 * @throws DataError if it is none
 */
export function checkCount(value: unknown, path: string): void {
  if (Number.isInteger(value) && (value as number) > 0) return;
  throw new DataError(`${path} must be a whole number above 0, but is ${JSON.stringify(value)}.`);
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  return Array.isArray(value) ? `a list of ${value.length}` : JSON.stringify(value);
}
