/**
 * Error for input that has no answer. The message states what was found, what was expected and what to do; no metric
 * returns NaN.
 */
export class MetricsError extends Error {
  override readonly name = 'MetricsError';
}
