/** An answer of the service that is no success. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  /** HTTP status, such as 401, 404, 422 or 503. */
  readonly status: number;
  /** Word for programs, such as `no-key`, `not-found`, `no-face` or `busy`. */
  readonly code: string;
  /** More facts; their form depends on the code. Undefined if there are none. */
  readonly details: unknown;
  /** Seconds after which the service asks to try again; null if it does not. */
  readonly retryAfter: number | null;

  constructor(response: Response, body: unknown) {
    const { code, message, details } = ((body as { error?: unknown } | undefined)?.error ??
      {}) as Partial<ServiceError>;
    // A proxy in front of the service has answers of other forms.
    super(message ?? `The answer has the status ${response.status}, and is none of the openset service.`);
    this.status = response.status;
    this.code = code ?? 'unknown';
    this.details = details;
    this.retryAfter = retryAfterOf(response);
  }
}

/** Returns the seconds of a Retry-After header; null without one, or with a date. */
export function retryAfterOf(response: Response): number | null {
  const text = response.headers.get('retry-after') ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}
