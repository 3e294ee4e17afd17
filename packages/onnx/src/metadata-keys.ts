/** Keys of `metadata_props` that openset writes. Values are strings: single words, or else JSON. */
export const metadataKeys = {
  /** Number: accept iff the cosine of two embeddings is at least this. */
  thresholdCosine: 'openset.threshold.cosine',
  /** `embeddings` or `embedding and class`: what the threshold separates. */
  thresholdBetween: 'openset.threshold.between',
  /** JSON: the question that the threshold answers, such as `{"kind":"pair","odds":1}`; `ThresholdQuestion` of `@openset/core`. */
  thresholdQuestion: 'openset.threshold.question',
  /** JSON: how faces were cropped in training, such as `{"kind":"points"}`, or `null` for images as they are. */
  inputCrop: 'openset.input.crop',
  /** JSON: `getConfig()` of the loss. */
  loss: 'openset.loss',
  /** JSON: `getConfig()` of the backbone. */
  backbone: 'openset.backbone',
  /** `nchw` or `nhwc`. */
  inputLayout: 'openset.input.layout',
  /** `float32` or `uint8`. */
  inputType: 'openset.input.type',
  /** JSON: `[height, width]`; null for any length. */
  inputSize: 'openset.input.size',
  /** Number of channels. */
  inputChannels: 'openset.input.channels',
  /** `rgb`, `bgr` or `gray`. */
  inputColorOrder: 'openset.input.colorOrder',
  /** JSON: mean of each channel; feed `(pixel − mean) / std`. */
  inputMean: 'openset.input.mean',
  /** JSON: divisor of each channel; feed `(pixel − mean) / std`. */
  inputStd: 'openset.input.std',
  /** JSON: `[smallest, largest]` input value. */
  inputRange: 'openset.input.range',
  /** Number of values in an embedding. */
  embeddingSize: 'openset.output.embeddingSize',
  /** `true` if the output is f(image) + f(mirrored image). */
  flipSum: 'openset.output.flipSum',
  /** `true` if embeddings have unit length. */
  normalized: 'openset.output.normalized',
} as const;
