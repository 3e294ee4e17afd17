import { DataError } from '@openset/core';
import type { ByteCursor } from './byte-cursor.ts';
import { buildValue, isAllowedGlobal, reduceGlobal } from './pickle-numpy.ts';
import { describeValue, PickleGlobal, PickleString, type PickleValue } from './pickle-values.ts';

/** Verification sets need no large dictionaries. */
const maximumEntries = 1024;

const emptyStack = 'the operation needs a value, but the stack is empty; the file is damaged.';

/** The state of the pickle machine: stack, marks and memo. */
export class PickleMachine {
  readonly cursor: ByteCursor;
  /** Offset of the current operation, for messages. */
  operationOffset = 0;
  readonly #stack: PickleValue[] = [];
  /** Stack heights at the marks. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(cursor: ByteCursor) {
    this.cursor = cursor;
  }

  /**
   * Throws the error for the current operation.
   * @throws DataError with file and offset
   */
  fail(problem: string): never {
    throw new DataError(`${this.cursor.file.name}, byte ${this.operationOffset}: ${problem}`);
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#stack.length <= floor) this.fail(emptyStack);
    return this.#stack.pop() as PickleValue;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** Removes and returns all values above the last mark. */
  popToMark(): PickleValue[] {
    const floor = this.#marks.pop();
    if (floor === undefined) this.fail('the operation needs a mark, but there is none; the file is damaged.');
    return this.#stack.splice(floor);
  }

  pushTuple(length: number): void {
    const values = Array.from({ length }, () => this.pop());
    this.push(values.reverse());
  }

  append(values: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) this.fail(`cannot append to ${describeValue(list)}, which is not a list.`);
    for (const value of values) list.push(value);
  }

  setItems(values: readonly PickleValue[]): void {
    const map = this.#top();
    if (!(map instanceof Map)) {
      this.fail(`cannot add entries to ${describeValue(map)}, which is not a dictionary.`);
    }
    if (values.length % 2 !== 0) {
      this.fail('the last key of a dictionary has no value; the file is damaged.');
    }
    for (let index = 0; index < values.length; index += 2) {
      map.set(values[index] as PickleValue, values[index + 1] as PickleValue);
    }
    if (map.size > maximumEntries) {
      this.fail(`a dictionary has more than ${maximumEntries} entries, which is unsupported.`);
    }
  }

  remember(key: number | null): void {
    this.#memo.set(key ?? this.#memo.size, this.#top() ?? null);
  }

  recall(key: number): void {
    const value = this.#memo.get(key);
    if (value === undefined) {
      this.fail(`memo entry ${key} is read before it is written; the file is damaged.`);
    }
    this.push(value);
  }

  /**
   * Pushes a Python object by its name.
   * @throws DataError for every name except the few that verification sets need
   */
  pushGlobal(module: string, name: string): void {
    const full = `${module} ${name}`;
    if (!isAllowedGlobal(full)) {
      this.fail(
        `the pickle names '${module.slice(0, 80)}.${name.slice(0, 80)}', which a verification set does not need; the name is refused.`,
      );
    }
    this.push(new PickleGlobal(full));
  }

  pushStackGlobal(): void {
    const fileName = this.cursor.file.name;
    const [name, module] = [this.pop(), this.pop()].map((value) =>
      value instanceof PickleString && value.kind === 'text' ? value.shortText(fileName) : null,
    );
    if (typeof module !== 'string' || typeof name !== 'string') {
      this.fail('a name must consist of two short strings.');
    }
    this.pushGlobal(module, name);
  }

  reduce(): void {
    const [parameters, callee] = [this.pop(), this.pop()];
    const isCall = callee instanceof PickleGlobal && Array.isArray(parameters);
    const value = isCall ? reduceGlobal(callee, parameters, this.cursor.file.name) : undefined;
    if (value === undefined) {
      this.fail(
        `cannot construct ${describeValue(callee)} from ${describeValue(parameters)}; the value is damaged or ` +
          'unsupported.',
      );
    }
    this.push(value);
  }

  build(): void {
    const state = this.pop();
    if (!buildValue(this.#top(), state, this.cursor.file.name)) {
      this.fail(
        `cannot set the state of ${describeValue(this.#top())} to ${describeValue(state)}; the value is damaged or ` +
          'unsupported.',
      );
    }
  }

  #top(): PickleValue | undefined {
    const floor = this.#marks.at(-1) ?? 0;
    if (this.#stack.length <= floor) this.fail(emptyStack);
    return this.#stack.at(-1);
  }
}
