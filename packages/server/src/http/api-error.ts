/** An answer that is no success. The message and the details are shown to the client, so they hold no paths and no internals. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly details: unknown;
  /** Seconds after which a repetition may succeed; null if it will not. */
  readonly retryAfter: number | null;

  constructor(
    status: number,
    code: string,
    message: string,
    { details, retryAfter = null }: { readonly details?: unknown; readonly retryAfter?: number | null } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
    this.retryAfter = retryAfter;
  }
}

/** Returns the error for something that is not there, or whose identifier is unknown. */
export function notFound(what: string): ApiError {
  return new ApiError(404, 'not-found', `There is no such ${what}.`);
}
