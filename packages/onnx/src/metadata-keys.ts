/** The keys of `metadata_props` that openset writes; all values are text, JSON where they are no single word. */
export const metadataKeys = {
  /** A number: "same" when the cosine of two embeddings is at least this. */
  thresholdCosine: 'openset.threshold.cosine',
  /** `embeddings` or `embedding and class`: what the threshold separates. */
  thresholdBetween: 'openset.threshold.between',
  /** JSON: the loss's `getConfig()`. */
  loss: 'openset.loss',
  /** JSON: the backbone's `getConfig()`. */
  backbone: 'openset.backbone',
  /** `nchw` or `nhwc`. */
  inputLayout: 'openset.input.layout',
  /** `float32` or `uint8`. */
  inputType: 'openset.input.type',
  /** JSON: `[height, width]`, null for any. */
  inputSize: 'openset.input.size',
  /** A number. */
  inputChannels: 'openset.input.channels',
  /** `rgb`, `bgr` or `gray`. */
  inputColorOrder: 'openset.input.colorOrder',
  /** JSON, a number for each channel: feed `(pixel − mean) / std`. */
  inputMean: 'openset.input.mean',
  /** JSON, a number for each channel: feed `(pixel − mean) / std`. */
  inputStd: 'openset.input.std',
  /** JSON: `[smallest, largest]` number that goes in. */
  inputRange: 'openset.input.range',
  /** A number: values in an embedding. */
  embeddingSize: 'openset.output.embeddingSize',
  /** `true` if the output is f(image) + f(mirrored image). */
  flipSum: 'openset.output.flipSum',
  /** `true` if the output has length 1. */
  normalized: 'openset.output.normalized',
} as const;
