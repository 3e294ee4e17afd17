/**
 * The one error this package throws on purpose. The message says what was found, what was expected and what to
 * do; a metric is never answered with a silent NaN.
 */
export class MetricsError extends Error {
  override readonly name = 'MetricsError';
}
