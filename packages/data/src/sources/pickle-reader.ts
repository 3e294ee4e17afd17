import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { ByteCursor } from './byte-cursor.ts';
import { PickleMachine } from './pickle-machine.ts';
import { type PickleCoding, PickleString, type PickleValue } from './pickle-values.ts';

/** Largest size of an operation in bytes, without strings and lines. */
const longestFields = 9;

/** More than any verification set has; prevents a small file of operations from filling the memory. */
const maximumOperations = 2 ** 24;

/** Limit for lines of numbers and names; lines of strings are skipped instead. */
const longestLine = 256;

type Operation = (machine: PickleMachine) => void | Promise<void>;

/**
 * Reads a Python pickle of protocol 0 to 5, limited to the needs of verification sets: lists, tuples, small dictionaries,
 * numbers, booleans, None, bytes, text, and numpy arrays and numbers. Executes nothing and refuses all other names of
 * Python objects and all other operations. Records the positions of long strings without reading them.
 *
 * Reference: CPython, `Lib/pickletools.py`.
 * @throws DataError if the pickle is damaged or has other content
 */
export async function readPickle(file: ByteFile): Promise<PickleValue> {
  const cursor = new ByteCursor(file);
  // The annotation lets the compiler see that `fail` does not return.
  const machine: PickleMachine = new PickleMachine(cursor);
  for (let count = 0; count < maximumOperations; count++) {
    if (!cursor.has(longestFields)) await cursor.prefetch(longestFields);
    machine.operationOffset = cursor.position;
    if (cursor.remaining === 0) machine.fail('the pickle does not end; the file is truncated.');
    const code = cursor.uint8();
    if (code === stop) return machine.pop();
    const operation = operations[code];
    if (!operation) {
      machine.fail(
        `the operation 0x${code.toString(16)} is unsupported: verification sets do not need it, or the file is damaged.`,
      );
    }
    const pending = operation(machine);
    if (pending) await pending;
  }
  throw new DataError(
    `${file.name}: has more than ${maximumOperations} operations; this is not a verification set.`,
  );
}

const stop = 0x2e;

const operations: Readonly<Record<number, Operation>> = indexByCode({
  // Protocol and frames
  '\x80': (machine) => {
    const protocol = machine.cursor.uint8();
    if (protocol > 5) machine.fail(`pickle protocol ${protocol} is unsupported; expected 0 to 5.`);
  },
  '\x95': (machine) => void checkLength(machine, machine.cursor.uint64(), 'a frame'),
  // Lists, tuples and dictionaries
  '(': (machine) => machine.mark(),
  ']': (machine) => machine.push([]),
  l: (machine) => machine.push(machine.popToMark()),
  a: (machine) => machine.append([machine.pop()]),
  e: (machine) => machine.append(machine.popToMark()),
  ')': (machine) => machine.push([]),
  t: (machine) => machine.push(machine.popToMark()),
  '\x85': (machine) => machine.pushTuple(1),
  '\x86': (machine) => machine.pushTuple(2),
  '\x87': (machine) => machine.pushTuple(3),
  '}': (machine) => machine.push(new Map()),
  d: (machine) => {
    const items = machine.popToMark();
    machine.push(new Map());
    machine.setItems(items);
  },
  s: (machine) => {
    const value = machine.pop();
    machine.setItems([machine.pop(), value]);
  },
  u: (machine) => machine.setItems(machine.popToMark()),
  // Numbers, booleans, None
  N: (machine) => machine.push(null),
  '\x88': (machine) => machine.push(true),
  '\x89': (machine) => machine.push(false),
  J: (machine) => machine.push(machine.cursor.int32()),
  K: (machine) => machine.push(machine.cursor.uint8()),
  M: (machine) => machine.push(machine.cursor.uint16()),
  G: (machine) => machine.push(machine.cursor.float64BigEndian()),
  I: async (machine) => {
    const text = await readLine(machine);
    // Booleans in protocols 0 and 1.
    machine.push(text === '00' ? false : text === '01' ? true : parseNumber(machine, text, /^[+-]?\d+$/));
  },
  L: async (machine) => {
    const text = await readLine(machine);
    machine.push(parseNumber(machine, text.replace(/L$/, ''), /^[+-]?\d+$/));
  },
  F: async (machine) => machine.push(parseNumber(machine, await readLine(machine), /^[-+.\deE]+$/)),
  '\x8a': (machine) => pushLong(machine, machine.cursor.uint8()),
  '\x8b': (machine) => pushLong(machine, machine.cursor.uint32()),
  // Bytes: Python 2's str, then Python 3's bytes and bytearray
  T: (machine) => pushString(machine, 'bytes', 'plain', machine.cursor.uint32()),
  U: (machine) => pushString(machine, 'bytes', 'plain', machine.cursor.uint8()),
  S: pushQuoted,
  B: (machine) => pushString(machine, 'bytes', 'plain', machine.cursor.uint32()),
  C: (machine) => pushString(machine, 'bytes', 'plain', machine.cursor.uint8()),
  '\x8e': (machine) => pushString(machine, 'bytes', 'plain', machine.cursor.uint64()),
  '\x96': (machine) => pushString(machine, 'bytes', 'plain', machine.cursor.uint64()),
  // Text
  X: (machine) => pushString(machine, 'text', 'utf-8', machine.cursor.uint32()),
  '\x8c': (machine) => pushString(machine, 'text', 'utf-8', machine.cursor.uint8()),
  '\x8d': (machine) => pushString(machine, 'text', 'utf-8', machine.cursor.uint64()),
  V: async (machine) => {
    const { offset, length } = await machine.cursor.skipLine('a text');
    machine.push(await readStringAt(machine, 'text', 'unicode-escaped', offset, length));
  },
  // Names and their calls
  c: async (machine) => machine.pushGlobal(await readLine(machine), await readLine(machine)),
  '\x93': (machine) => machine.pushStackGlobal(),
  R: (machine) => machine.reduce(),
  b: (machine) => machine.build(),
  // Memo
  p: async (machine) => machine.remember(parseNumber(machine, await readLine(machine), /^\d+$/)),
  q: (machine) => machine.remember(machine.cursor.uint8()),
  r: (machine) => machine.remember(machine.cursor.uint32()),
  '\x94': (machine) => machine.remember(null),
  g: async (machine) => machine.recall(parseNumber(machine, await readLine(machine), /^\d+$/)),
  h: (machine) => machine.recall(machine.cursor.uint8()),
  j: (machine) => machine.recall(machine.cursor.uint32()),
});

function indexByCode(named: Readonly<Record<string, Operation>>): Readonly<Record<number, Operation>> {
  return Object.fromEntries(
    Object.entries(named).map(([letter, operation]) => [letter.charCodeAt(0), operation]),
  );
}

function checkLength(machine: PickleMachine, length: bigint | number, what: string): number {
  const { remaining } = machine.cursor;
  if (length <= remaining) return Number(length);
  return machine.fail(
    `${what} announces ${length} bytes, but ${remaining} are left; the file is truncated or damaged.`,
  );
}

async function pushString(
  machine: PickleMachine,
  kind: 'bytes' | 'text',
  coding: PickleCoding,
  announced: bigint | number,
): Promise<void> {
  const length = checkLength(machine, announced, 'a string');
  const { position } = machine.cursor;
  if (PickleString.isKept(length)) {
    const kept = Uint8Array.from(await machine.cursor.bytes(length, 'a string'));
    machine.push(new PickleString(kind, coding, position, length, kept));
    return;
  }
  machine.cursor.skip(length, 'a string');
  machine.push(new PickleString(kind, coding, position, length));
}

/** Pushes a string of Python 2's protocol 0: a line `'…'` or `"…"`. */
async function pushQuoted(machine: PickleMachine): Promise<void> {
  const { offset, length } = await machine.cursor.skipLine('a string');
  const { file } = machine.cursor;
  const first = length >= 2 ? (await file.read(offset, 1))[0] : undefined;
  const last = length >= 2 ? (await file.read(offset + length - 1, 1))[0] : undefined;
  if (first !== last || (first !== 0x27 && first !== 0x22))
    machine.fail('found a string without quotes; the file is damaged.');
  machine.push(await readStringAt(machine, 'bytes', 'quoted', offset + 1, length - 2));
}

async function readStringAt(
  { cursor }: PickleMachine,
  kind: 'bytes' | 'text',
  coding: PickleCoding,
  offset: number,
  length: number,
): Promise<PickleString> {
  const kept = PickleString.isKept(length) ? Uint8Array.from(await cursor.file.read(offset, length)) : null;
  return new PickleString(kind, coding, offset, length, kept);
}

async function readLine(machine: PickleMachine): Promise<string> {
  const { offset, length } = await machine.cursor.skipLine('a line');
  if (length > longestLine) {
    machine.fail(
      `found a number or name of ${length} characters, more than ${longestLine}; the file is damaged.`,
    );
  }
  return String.fromCharCode(...(await machine.cursor.file.read(offset, length)));
}

function parseNumber(machine: PickleMachine, text: string, pattern: RegExp): number {
  const value = pattern.test(text) ? Number(text) : Number.NaN;
  return Number.isNaN(value)
    ? machine.fail(`'${text.slice(0, 80)}' is not a number; the file is damaged.`)
    : value;
}

/** Pushes an integer of `length` bytes, little-endian two's complement. */
async function pushLong(machine: PickleMachine, length: number): Promise<void> {
  if (length > 8) machine.fail(`an integer of ${length} bytes is unsupported; the limit is 8.`);
  const bytes = await machine.cursor.bytes(length, 'an integer');
  let value = 0n;
  bytes.forEach((byte, index) => {
    value |= BigInt(byte) << BigInt(8 * index);
  });
  machine.push(Number(BigInt.asIntN(8 * length, value)));
}
