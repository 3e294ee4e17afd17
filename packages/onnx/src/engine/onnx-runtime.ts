/** What the engine uses of `onnxruntime-node`, `onnxruntime-web` and others with the API of `onnxruntime-common`. */
export interface OnnxRuntime {
  /** The class of sessions, which run a model. */
  readonly InferenceSession: {
    /** Loads a model from the bytes of an ONNX file. */
    create(bytes: Uint8Array, options?: OnnxSessionOptions): Promise<OnnxSession>;
  };
  /** Makes a tensor from row-major values. */
  readonly Tensor: new (
    type: 'float32',
    data: Float32Array,
    dims: readonly number[],
  ) => OnnxTensor;
}

/** A model that onnxruntime has loaded. */
export interface OnnxSession {
  /** Computes all outputs, by name, from the inputs by name. */
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  /** Frees the model. */
  release(): Promise<void>;
}

/** A tensor of onnxruntime. */
export interface OnnxTensor {
  /** Shape. */
  readonly dims: readonly number[];
  /** Returns the values, row-major, as a typed array. */
  getData(): Promise<unknown>;
}

/** Options of a session, which go to onnxruntime as they are. Its documentation lists more. */
export interface OnnxSessionOptions {
  /** Number of threads within an operation. */
  readonly intraOpNumThreads?: number;
  readonly [option: string]: unknown;
}
