import * as tf from '@tensorflow/tfjs-core';

/** A running value that survives the `tf.tidy` of each block; at most one tensor is held. */
export class Accumulator<T extends tf.Tensor> {
  private current: T | null = null;

  /** The value so far. */
  get value(): T {
    if (!this.current) throw new Error('nothing was accumulated');
    return this.current;
  }

  /** Replaces the value. */
  set(next: T): void {
    const previous = this.current;
    this.current = tf.keep(next);
    previous?.dispose();
  }

  /** Adds to the value; the first call sets it. */
  add(term: T): void {
    this.set(this.current ? (tf.add(this.current, term) as T) : (tf.clone(term) as T));
  }

  /** Hands the value over to the enclosing `tf.tidy`, like any other tensor made there. */
  take(): T {
    const value = tf.clone(this.value) as T;
    this.dispose();
    return value;
  }

  dispose(): void {
    this.current?.dispose();
    this.current = null;
  }
}
