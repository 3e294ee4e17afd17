import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from './errors.ts';
import {
  decodeSafetensors,
  decodeState,
  encodeSafetensors,
  encodeState,
  type PlainTensor,
} from './safetensors.ts';

/** Returns a file with a header and data. */
function fileOf(header: unknown, data: readonly number[]): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const oneTensor = (dtype: string, shape: number[], data: number[]) =>
  fileOf({ x: { dtype, shape, data_offsets: [0, data.length] } }, data);

/** `{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}` is 55 bytes; one space of padding makes 56 = 0x38. */
const tinyHeader = '{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} ';

describe('encodeSafetensors', () => {
  it('writes length, header and little-endian data', () => {
    const bytes = encodeSafetensors({
      tensors: { b: { shape: [2], dtype: 'float32', data: new Float32Array([1, -2.5]) } },
    });
    const header = tinyHeader.trimEnd().padEnd(56);
    // 1 = 0x3f800000, −2.5 = 0xc0200000
    expect([...bytes]).toEqual([
      ...[0x38, 0, 0, 0, 0, 0, 0, 0],
      ...[...header].map((character) => character.charCodeAt(0)),
      ...[0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0],
    ]);
  });

  it('refuses a shape that does not fit, and the reserved name', () => {
    const data = new Float32Array(3);
    expect(() => encodeSafetensors({ tensors: { x: { shape: [2, 2], dtype: 'float32', data } } })).toThrow(
      new DataError("Tensor 'x' has 3 values, but its shape [2, 2] needs 4."),
    );
    const reserved = { __metadata__: { shape: [3], dtype: 'float32', data } } as const;
    expect(() => encodeSafetensors({ tensors: reserved })).toThrow(/__metadata__/);
  });
});

const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 });
const plainTensor: fc.Arbitrary<PlainTensor> = fc
  .tuple(shapes, fc.constantFrom('float32' as const, 'int32' as const), fc.infiniteStream(fc.integer()))
  .map(([shape, dtype, stream]) => {
    const count = shape.reduce((product, length) => product * length, 1);
    const numbers = Array.from({ length: count }, () => stream.next().value);
    return {
      shape,
      dtype,
      data: dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers, (n) => n / 7),
    };
  });
const names = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('__proto__', 'constructor', '1', 'ψ.weight', '類/重み'),
  )
  .filter((name) => name !== '__metadata__');

describe('a round trip', () => {
  it('keeps names, shapes, types, values and metadata', () => {
    const file = fc.record({
      tensors: fc.array(fc.tuple(names, plainTensor)).map((entries) => Object.fromEntries(entries)),
      metadata: fc.array(fc.tuple(names, names)).map((entries) => Object.fromEntries(entries)),
    });
    fc.assert(
      fc.property(file, ({ tensors, metadata }) => {
        const bytes = encodeSafetensors({ tensors, metadata });
        expect(
          (bytes.length - [...Object.values(tensors)].reduce((sum, { data }) => sum + data.byteLength, 0)) %
            8,
        ).toBe(0);
        const decoded = decodeSafetensors(bytes);
        expect(Object.entries(decoded.tensors)).toEqual(Object.entries(tensors));
        expect(Object.entries(decoded.metadata)).toEqual(Object.entries(metadata));
      }),
    );
  });

  it('reads from any offset of a larger buffer and from a Node buffer, and copies', () => {
    const values = new Float32Array([1, 2, 3]);
    const bytes = encodeSafetensors({ tensors: { x: { shape: [3], dtype: 'float32', data: values } } });
    for (const offset of [0, 1, 2, 3, 5]) {
      const larger = new Uint8Array(bytes.length + 8);
      larger.set(bytes, offset);
      const moved = larger.subarray(offset, offset + bytes.length);
      const node = Buffer.from(larger.buffer, offset, bytes.length);
      for (const view of [moved, node]) {
        const { x } = decodeSafetensors(view).tensors;
        expect(x!.data).toEqual(values);
        expect(x!.data.buffer).not.toBe(larger.buffer);
      }
    }
  });
});

describe('decodeSafetensors', () => {
  it.each<[string, number[], number[]]>([
    // 1.5, −0.25 in each format
    ['F64', [0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0xd0, 0xbf], [1.5, -0.25]],
    ['F32', [0, 0, 0xc0, 0x3f, 0, 0, 0x80, 0xbe], [1.5, -0.25]],
    ['BF16', [0xc0, 0x3f, 0x80, 0xbe], [1.5, -0.25]],
    // also 2⁻²⁴ (the smallest), 65504 (the largest), ∞ and −0 in half precision
    [
      'F16',
      [0, 0x3e, 0, 0xb4, 1, 0, 0xff, 0x7b, 0, 0x7c, 0, 0x80],
      [1.5, -0.25, 2 ** -24, 65504, Number.POSITIVE_INFINITY, -0],
    ],
    ['F16', [0, 0x7e], [Number.NaN]],
    ['I64', [...[5, 0, 0, 0, 0, 0, 0, 0], ...Array(8).fill(0xff)], [5, -1]],
    ['I64', [...[0, 0, 0, 0x80], ...[0xff, 0xff, 0xff, 0xff]], [-(2 ** 31)]],
    ['I32', [1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff], [1, -2]],
    ['I16', [1, 0x80, 2, 0], [-32767, 2]],
    ['I8', [0x80, 0x7f], [-128, 127]],
    ['U8', [0x80, 0xff], [128, 255]],
    ['BOOL', [0, 1], [0, 1]],
  ])('reads %s', (dtype, data, expected) => {
    const { x } = decodeSafetensors(oneTensor(dtype, [expected.length], data)).tensors;
    const Kind = dtype.startsWith('F') || dtype === 'BF16' ? Float32Array : Int32Array;
    expect(x).toEqual({
      shape: [expected.length],
      dtype: Kind === Float32Array ? 'float32' : 'int32',
      data: Kind.from(expected),
    });
  });

  it('reads a file without tensors, and one with its tensors in another order', () => {
    expect(decodeSafetensors(fileOf({}, []))).toEqual({ tensors: {}, metadata: {} });
    const u8 = (begin: number) => ({ dtype: 'U8', shape: [1], data_offsets: [begin, begin + 1] });
    const { tensors } = decodeSafetensors(fileOf({ b: u8(1), a: u8(0) }, [7, 8]));
    expect([tensors.a!.data[0], tensors.b!.data[0]]).toEqual([7, 8]);
  });

  it('refuses a file truncated at any byte', () => {
    const bytes = fileOf(tinyHeader, [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]);
    expect([...decodeSafetensors(bytes).tensors.b!.data]).toEqual([1, -2.5]);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow(DataError);
    }
  });

  const entry = (change: object) => ({ dtype: 'U8', shape: [2], data_offsets: [0, 2], ...change });
  const withLength = (length: bigint) => {
    const bytes = fileOf({}, []);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    return bytes;
  };
  it.each<[string, Uint8Array, RegExp]>([
    ['a header length beyond the file', withLength(3n), /10 bytes, but declares a header of 3/],
    ['an absurd header length', withLength(2n ** 63n), /declares a header of 9223372036854775808/],
    ['a header length of 0', withLength(0n), /declares a header of 0/],
    ['a header that is not JSON', fileOf('{"x":', []), /not JSON/],
    ['a header that is not UTF-8', new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe]), /not JSON/],
    ['a header that is a list', fileOf([], []), /not a JSON object/],
    ['a header that is null', fileOf('null', []), /not a JSON object/],
    ['metadata of numbers', fileOf({ __metadata__: { a: 1 } }, []), /only strings/],
    ['metadata null', fileOf({ __metadata__: null }, []), /only strings/],
    [
      'an unknown type',
      fileOf({ x: entry({ dtype: 'F8' }) }, [1, 2]),
      /'x' has the element type "F8"; supported are F64/,
    ],
    ['a type named like a method', fileOf({ x: entry({ dtype: 'toString' }) }, [1, 2]), /its type toString/],
    ['no type', fileOf({ x: entry({ dtype: undefined }) }, [1, 2]), /element type undefined/],
    ['an entry null', fileOf({ x: null }, []), /element type undefined/],
    ['a negative length', fileOf({ x: entry({ shape: [-2] }) }, [1, 2]), /damaged header entry/],
    ['a fractional length', fileOf({ x: entry({ shape: [1.5] }) }, [1, 2]), /damaged header entry/],
    [
      'a shape of an unknown type nested very deep',
      fileOf(
        `{"x":{"dtype":"F8","shape":${'['.repeat(1e4)}${']'.repeat(1e4)},"data_offsets":[0,2]}}`,
        [1, 2],
      ),
      /element type "F8"/,
    ],
    [
      'a type nested very deep',
      fileOf(`{"x":{"dtype":${'['.repeat(1e4)}${']'.repeat(1e4)},"shape":[1],"data_offsets":[0,2]}}`, [1, 2]),
      /element type object/,
    ],
    [
      'a shape nested very deep',
      fileOf(
        `{"x":{"dtype":"F32","shape":${'['.repeat(1e4)}${']'.repeat(1e4)},"data_offsets":[0,2]}}`,
        [1, 2],
      ),
      /damaged header entry/,
    ],
    ['no shape', fileOf({ x: entry({ shape: undefined }) }, [1, 2]), /damaged header entry/],
    ['a negative offset', fileOf({ x: entry({ data_offsets: [-2, 0] }) }, [1, 2]), /damaged header entry/],
    ['a third offset', fileOf({ x: entry({ data_offsets: [0, 2, 2] }) }, [1, 2]), /need 2 bytes/],
    ['offsets in reverse order', fileOf({ x: entry({ data_offsets: [2, 0] }) }, [1, 2]), /need 2 bytes/],
    [
      'too few bytes',
      fileOf({ x: entry({ data_offsets: [0, 1] }) }, [1, 2]),
      /bytes 0–1 of 2, but its type U8 and shape \[2\] need 2 bytes/,
    ],
    ['an odd size', oneTensor('F32', [1], [0, 0, 0]), /need 4 bytes/],
    ['an end beyond the file', fileOf({ x: entry({ data_offsets: [1, 3] }) }, [1, 2]), /bytes 1–3 of 2/],
    ['an absurd shape', fileOf({ x: entry({ shape: [2 ** 53 - 1, 2 ** 53 - 1] }) }, [1, 2]), /need 8\.1/],
    [
      'an overlap',
      fileOf({ x: entry({}), y: entry({ data_offsets: [1, 3] }) }, [1, 2, 3]),
      /'y' at bytes 1–3 overlaps/,
    ],
    ['the same bytes twice', fileOf({ x: entry({}), y: entry({}) }, [1, 2]), /overlaps/],
    ['a gap', fileOf({ x: entry({ data_offsets: [1, 3] }) }, [1, 2, 3]), /leaves a gap/],
    ['bytes of no tensor', fileOf({ x: entry({}) }, [1, 2, 3]), /3 bytes of data, but its tensors take 2/],
    [
      'I64 out of range',
      oneTensor('I64', [1], [0, 0, 0, 0x80, 0, 0, 0, 0]),
      /'x' has the value 2147483648 at index 0, .* int32/,
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(DataError);
    expect(() => decodeSafetensors(bytes)).toThrow(message);
  });
});

describeOnBackends('states', () => {
  it('round-trip through bytes', async () => {
    const state = {
      weight: tf.tensor2d([
        [1, 2],
        [3, 4.5],
      ]),
      count: tf.tensor1d([7], 'int32'),
      bias: tf.scalar(-1),
      empty: tf.tensor2d([], [0, 3]),
    };
    const bytes = await encodeState(state, { note: 'ünïcode' });
    expect(decodeSafetensors(bytes).metadata).toEqual({ note: 'ünïcode' });
    const decoded = decodeState(bytes);
    expect(Object.keys(decoded)).toEqual(Object.keys(state));
    for (const [name, tensor] of Object.entries(state)) {
      const { shape, dtype } = decoded[name]!;
      expect({ shape, dtype }).toEqual({ shape: tensor.shape, dtype: tensor.dtype });
      expect([...decoded[name]!.dataSync()]).toEqual([...tensor.dataSync()]);
    }
    tf.dispose([state, decoded]);
  });

  it('refuse booleans', async () => {
    const flag = tf.tensor1d([true, false], 'bool');
    await expect(encodeState({ flag })).rejects.toThrow(
      new DataError("The state tensor 'flag' is bool, but only float32 and int32 can be written."),
    );
    flag.dispose();
  });
});
