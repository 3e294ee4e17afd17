import { ConfigError, didYouMean } from '@openset/core';
import { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** An object with these entries and no others; a misspelt one is told with the one that may be meant. */
export function entries<Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const keys = issue.keys as readonly string[];
      const guess = keys.length === 1 ? didYouMean(keys[0]!, known) : '';
      return `has no ${keys.map((key) => `'${key}'`).join(', ')}.${guess} It has ${known.join(', ')}.`;
    },
  });
}

/**
 * Checks a value against a schema.
 * @param what what it is, for messages: the path of a file
 * @throws ConfigError with a line for every problem: where, what was expected, and what was found
 */
export function parseSettings<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `${what}: ${sentence(issue, value)}`);
  throw new ConfigError(lines.join('\n'));
}

function sentence(issue: Issue, root: unknown): string {
  const name = pathText(issue.path);
  const found = valueAt(root, issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return `${name} ${issue.message}`;
    case 'invalid_type':
      return found === undefined
        ? `${name} is missing; it must be ${kindText(issue.expected)}.`
        : `${name} must be ${kindText(issue.expected)}, but is ${shown(found)}.`;
    case 'too_small':
      return `${name} must be ${issue.inclusive ? 'at least' : 'above'} ${bound(issue.minimum, issue.origin)}, but is ${shown(found)}.`;
    case 'too_big':
      return `${name} must be ${issue.inclusive ? 'at most' : 'below'} ${bound(issue.maximum, issue.origin)}, but is ${shown(found)}.`;
    case 'invalid_value':
      return choiceText(name, found, issue.values.map(String));
    case 'invalid_union': {
      const options = (issue as { options?: readonly unknown[] }).options;
      if (options) return choiceText(name, found, options.map(String));
      const ways = issue.errors.flatMap(([first]) => (first ? [expectation(first)] : []));
      return `${name} must be ${ways.join(' or ')}, but is ${shown(found)}.`;
    }
    default:
      return `${name}: ${issue.message}`;
  }
}

function choiceText(name: string, found: unknown, choices: readonly string[]): string {
  const list = choices.map((choice) => `'${choice}'`).join(', ');
  if (found === undefined) return `${name} is missing; it must be one of ${list}.`;
  const guess = typeof found === 'string' ? didYouMean(found, choices) : '';
  return `${name} must be one of ${list}, but is ${shown(found)}.${guess}`;
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') return kindText(issue.expected);
  if (issue.code === 'invalid_value') return issue.values.map((value) => `'${String(value)}'`).join(' or ');
  return 'in its range';
}

function kindText(expected: string): string {
  const kinds: Readonly<Record<string, string>> = {
    int: 'a whole number',
    number: 'a number',
    string: 'a text',
    boolean: 'true or false',
    object: 'an object',
    array: 'a list',
    tuple: 'a list',
  };
  return kinds[expected] ?? expected;
}

/** Of a list or a text, the length is bounded. */
function bound(limit: number | bigint, origin: string): string {
  if (origin === 'array') return `${limit} long`;
  return origin === 'string' ? `${limit} letters long` : String(limit);
}

/** `schedule.milestones[0]`. */
function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the configuration';
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index > 0 ? '.' : ''}${String(part)}`))
    .join('');
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    root,
  );
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
