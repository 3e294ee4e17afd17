import type { AttributeProto } from '../format/schema.ts';

/** An attribute of a node without its name. */
export type Attribute = Omit<AttributeProto, 'name'>;

/** Returns an integer attribute. */
export function int(i: number): Attribute {
  return { type: 2, i };
}

/** Returns an attribute with a list of integers. */
export function ints(values: readonly number[]): Attribute {
  return { type: 7, ints: values };
}

/** Returns a float32 attribute. */
export function float(f: number): Attribute {
  return { type: 1, f };
}

/** Returns a string attribute. */
export function text(value: string): Attribute {
  return { type: 3, s: new TextEncoder().encode(value) };
}
