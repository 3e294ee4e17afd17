import { ConfigError, didYouMean } from '@openset/core';
import { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** Returns the schema of an object with these entries and no others. The error for an unknown entry suggests a known one. */
export function objectSchema<Shape extends z.core.$ZodShape>(shape: Shape) {
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
 * Checks a value against a schema and returns it.
 * @param source name of the value's source for messages, such as the path of a file
 * @throws ConfigError with a line for each problem: the entry, what was expected, what was found
 */
export function parseSettings<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  source: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `${source}: ${describeIssue(issue, value)}`);
  throw new ConfigError(lines.join('\n'));
}

function describeIssue(issue: Issue, root: unknown): string {
  const name = formatPath(issue.path);
  const found = valueAt(root, issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return `${name} ${issue.message}`;
    case 'invalid_type':
      return found === undefined
        ? `${name} is missing; it must be ${typeName(issue.expected)}.`
        : `${name} must be ${typeName(issue.expected)}, but is ${formatValue(found)}.`;
    case 'too_small':
      return `${name} must be ${issue.inclusive ? 'at least' : 'above'} ${describeLimit(issue.minimum, issue.origin)}, but is ${formatValue(found)}.`;
    case 'too_big':
      return `${name} must be ${issue.inclusive ? 'at most' : 'below'} ${describeLimit(issue.maximum, issue.origin)}, but is ${formatValue(found)}.`;
    case 'invalid_value':
      return describeChoice(name, found, issue.values.map(String));
    case 'invalid_union': {
      const options = (issue as { options?: readonly unknown[] }).options;
      if (options) return describeChoice(name, found, options.map(String));
      const ways = issue.errors.flatMap(([first]) => (first ? [describeExpected(first)] : []));
      return `${name} must be ${ways.join(' or ')}, but is ${formatValue(found)}.`;
    }
    default:
      return `${name}: ${issue.message}`;
  }
}

function describeChoice(name: string, found: unknown, choices: readonly string[]): string {
  const list = choices.map((choice) => `'${choice}'`).join(', ');
  if (found === undefined) return `${name} is missing; it must be one of ${list}.`;
  const guess = typeof found === 'string' ? didYouMean(found, choices) : '';
  return `${name} must be one of ${list}, but is ${formatValue(found)}.${guess}`;
}

function describeExpected(issue: Issue): string {
  if (issue.code === 'invalid_type') return typeName(issue.expected);
  if (issue.code === 'invalid_value') return issue.values.map((value) => `'${String(value)}'`).join(' or ');
  if (issue.code === 'too_small') return `at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `at most ${issue.maximum}`;
  return 'in range';
}

function typeName(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    int: 'a whole number',
    number: 'a number',
    string: 'a string',
    boolean: 'true or false',
    object: 'an object',
    array: 'a list',
    tuple: 'a list',
  };
  return names[expected] ?? expected;
}

/** Describes a limit: of a number itself, of a list or a string its length. */
function describeLimit(limit: number | bigint, origin: string): string {
  if (origin === 'array') return `${limit} long`;
  return origin === 'string' ? `${limit} characters long` : String(limit);
}

/** Formats a path: `schedule.milestones[0]`. */
function formatPath(path: readonly PropertyKey[]): string {
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

function formatValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
