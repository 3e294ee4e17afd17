import * as tf from '@tensorflow/tfjs-core';

/** A running value that survives the `tf.tidy` of each block. Holds at most one tensor. */
export class Accumulator<T extends tf.Tensor> {
  private current: T | null = null;

  /** The current value. */
  get value(): T {
    if (!this.current) throw new Error('Nothing was accumulated.');
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

  /** Returns the value and gives it up: the enclosing `tf.tidy` owns it like any tensor created there. */
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
