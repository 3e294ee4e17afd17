import type { AttributeProto } from '../format/schema.ts';

/** An attribute of a node, as yet without its name. */
export type Attribute = Omit<AttributeProto, 'name'>;

/** A whole number. */
export function int(i: number): Attribute {
  return { type: 2, i };
}

/** A list of whole numbers. */
export function ints(values: readonly number[]): Attribute {
  return { type: 7, ints: values };
}

/** A number, held as float32. */
export function float(f: number): Attribute {
  return { type: 1, f };
}

/** A word. */
export function text(value: string): Attribute {
  return { type: 3, s: new TextEncoder().encode(value) };
}
