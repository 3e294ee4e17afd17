import { type Attribute, ints, text } from '../graph/attributes.ts';
import type { Value } from '../graph/value.ts';
import type { LayerCall } from './layer-call.ts';

/** A window that slides over a feature map. Each pair is height and width. */
export interface Window {
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations?: readonly [number, number];
}

/** Returns the attributes that convolutions and pools share. */
export function windowAttributes(
  call: LayerCall,
  input: Value,
  { size, strides, dilations = [1, 1] }: Window,
): Record<string, Attribute> {
  return {
    kernel_shape: ints(size),
    strides: ints(strides),
    ...(dilations.some((dilation) => dilation !== 1) && { dilations: ints(dilations) }),
    ...(call.config.padding === 'same' && samePadding(input, { size, strides, dilations })),
  };
}

/**
 * Returns the padding 'same' of TensorFlow: it gives `ceil(length / stride)` windows, and the end gets the larger half of an
 * odd number of zeros. The padding is explicit, which every runtime supports, if the length is known or irrelevant.
 */
function samePadding(
  { shape }: Value,
  { size, strides, dilations }: Required<Window>,
): Record<string, Attribute> {
  const totals = [0, 1].map((axis) => {
    const length = shape[axis + 1] ?? null;
    const stride = strides[axis]!;
    const extent = (size[axis]! - 1) * dilations[axis]! + 1;
    if (stride === 1) return extent - 1;
    return length === null ? null : Math.max((Math.ceil(length / stride) - 1) * stride + extent - length, 0);
  });
  const [height, width] = totals;
  if (height == null || width == null) return { auto_pad: text('SAME_UPPER') };
  if (height + width === 0) return {};
  const begin = [Math.floor(height / 2), Math.floor(width / 2)] as const;
  return { pads: ints([...begin, height - begin[0], width - begin[1]]) };
}
