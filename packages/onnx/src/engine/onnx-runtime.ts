/** What the engine uses of `onnxruntime-node`, `onnxruntime-web` and others with the API of `onnxruntime-common`. */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options?: OnnxSessionOptions): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OnnxTensor;
}

/** A model that onnxruntime has loaded. */
export interface OnnxSession {
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}

/** A tensor of onnxruntime. */
export interface OnnxTensor {
  readonly dims: readonly number[];
  getData(): Promise<unknown>;
}

/** Options of a session, which go to onnxruntime as they are. Its documentation lists more. */
export interface OnnxSessionOptions {
  /** Number of threads within an operation. */
  readonly intraOpNumThreads?: number;
  readonly [option: string]: unknown;
}
