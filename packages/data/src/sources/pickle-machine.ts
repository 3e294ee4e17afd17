import { DataError } from '@openset/core';
import type { ByteCursor } from './byte-cursor.ts';
import { buildValue, isKnownGlobal, reduceGlobal } from './pickle-numpy.ts';
import { describeValue, PickleGlobal, PickleString, type PickleValue } from './pickle-values.ts';

/** Dictionaries are not what a verification set is made of; a few entries may occur. */
const maximumEntries = 1024;

/** The stack, the marks and the memo that the operations of a pickle work on. */
export class PickleMachine {
  readonly cursor: ByteCursor;
  /** Offset of the operation that is carried out, for messages. */
  operationOffset = 0;
  readonly #stack: PickleValue[] = [];
  /** Heights of the stack. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(cursor: ByteCursor) {
    this.cursor = cursor;
  }

  /** @throws DataError naming file and place */
  fail(problem: string): never {
    throw new DataError(`${this.cursor.file.name}, byte ${this.operationOffset}: ${problem}`);
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#stack.length <= floor) this.fail('the operation takes a value, but there is none; damaged.');
    return this.#stack.pop() as PickleValue;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** All values since the last mark. */
  popToMark(): PickleValue[] {
    const floor = this.#marks.pop();
    if (floor === undefined)
      this.fail('the operation takes values up to a mark, but there is none; damaged.');
    return this.#stack.splice(floor);
  }

  pushTuple(length: number): void {
    const values = Array.from({ length }, () => this.pop());
    this.push(values.reverse());
  }

  append(values: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) this.fail(`values are appended to ${describeValue(list)}, which is no list.`);
    for (const value of values) list.push(value);
  }

  setItems(values: readonly PickleValue[]): void {
    const map = this.#top();
    if (!(map instanceof Map))
      this.fail(`entries are put into ${describeValue(map)}, which is no dictionary.`);
    if (values.length % 2 !== 0) this.fail('the last key of a dictionary has no value; damaged.');
    for (let index = 0; index < values.length; index += 2) {
      map.set(values[index] as PickleValue, values[index + 1] as PickleValue);
    }
    if (map.size > maximumEntries)
      this.fail(`a dictionary of more than ${maximumEntries} entries; not read.`);
  }

  remember(place: number | null): void {
    this.#memo.set(place ?? this.#memo.size, this.#top() ?? null);
  }

  recall(place: number): void {
    const value = this.#memo.get(place);
    if (value === undefined) this.fail(`memo ${place} is asked for, in which nothing was put; damaged.`);
    this.push(value);
  }

  /** @throws DataError for every name but the few that verification sets need */
  pushGlobal(module: string, name: string): void {
    const full = `${module} ${name}`;
    if (!isKnownGlobal(full)) {
      this.fail(
        `the pickle names '${module.slice(0, 80)}.${name.slice(0, 80)}', which a verification set does not need; refused.`,
      );
    }
    this.push(new PickleGlobal(full));
  }

  pushStackGlobal(): void {
    const fileName = this.cursor.file.name;
    const [name, module] = [this.pop(), this.pop()].map((value) =>
      value instanceof PickleString && value.kind === 'text' ? value.shortText(fileName) : null,
    );
    if (typeof module !== 'string' || typeof name !== 'string') this.fail('a name must be two short texts.');
    this.pushGlobal(module, name);
  }

  reduce(): void {
    const [parameters, callee] = [this.pop(), this.pop()];
    const isCall = callee instanceof PickleGlobal && Array.isArray(parameters);
    const value = isCall ? reduceGlobal(callee, parameters, this.cursor.file.name) : undefined;
    if (value === undefined) {
      this.fail(
        `${describeValue(callee)} cannot be made from ${describeValue(parameters)}; damaged, or unknown.`,
      );
    }
    this.push(value);
  }

  build(): void {
    const state = this.pop();
    if (!buildValue(this.#top(), state, this.cursor.file.name)) {
      this.fail(
        `${describeValue(this.#top())} cannot take the state ${describeValue(state)}; damaged, or unknown.`,
      );
    }
  }

  #top(): PickleValue | undefined {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#stack.length <= floor) this.fail('the operation needs a value, but there is none; damaged.');
    return this.#stack.at(-1);
  }
}
