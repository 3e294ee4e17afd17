import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  checkChoice,
  checkNumber,
  DataError,
  EngineError,
  MissingKernelError,
  OpenSetError,
  OutOfMemoryError,
  ShapeError,
  shapeText,
  WorkerError,
} from './errors.ts';

describe('errors', () => {
  it.each([
    ['ShapeError', ShapeError],
    ['ConfigError', ConfigError],
    ['DataError', DataError],
    ['MissingKernelError', MissingKernelError],
    ['OutOfMemoryError', OutOfMemoryError],
    ['WorkerError', WorkerError],
    ['EngineError', EngineError],
  ])('%s has its class, its base class and its name', (name, Kind) => {
    const error = new Kind('what happened', { cause: 'why' });
    expect(error).toBeInstanceOf(OpenSetError);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(name);
    expect(error.cause).toBe('why');
    expect(String(error)).toBe(`${name}: what happened`);
  });

  it('shapeText formats a shape', () => {
    expect([shapeText([2, 3]), shapeText([])]).toEqual(['[2, 3]', '[]']);
  });
});

describe('checkNumber', () => {
  it('accepts numbers in the range, including its ends', () => {
    checkNumber('x', -1e300);
    checkNumber('x', 0, { minimum: 0, maximum: 1 });
    checkNumber('x', 1, { minimum: 0, maximum: 1, integer: true });
  });

  it.each<[number, Parameters<typeof checkNumber>[2], string]>([
    [-0.5, { minimum: 0 }, 'x must be a finite number from 0, but is -0.5.'],
    [2, { minimum: 0, maximum: 1 }, 'x must be a finite number from 0 up to 1, but is 2.'],
    [1.5, { minimum: 1, integer: true }, 'x must be a whole number from 1, but is 1.5.'],
    [Number.NaN, {}, 'x must be a finite number, but is NaN.'],
    [Number.POSITIVE_INFINITY, {}, 'x must be a finite number, but is Infinity.'],
    ['3' as unknown as number, {}, 'x must be a finite number, but is 3.'],
    [undefined as unknown as number, {}, 'x must be a finite number, but is undefined.'],
  ])('refuses %s in %o', (value, range, message) => {
    expect(() => checkNumber('x', value, range)).toThrow(new ConfigError(message));
  });
});

describe('checkChoice', () => {
  it('accepts the allowed words, and lists them otherwise', () => {
    checkChoice('mode', 'sum', ['sum', 'mean']);
    expect(() => checkChoice<string>('mode', 'max', ['sum', 'mean'])).toThrow(
      new ConfigError("mode must be one of 'sum', 'mean', but is 'max'."),
    );
  });
});
