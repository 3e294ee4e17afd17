import { checkNumber } from '@openset/core';

/** Limits of a service. */
export interface ServerLimits {
  /** Bytes of the body of a request; default 32 MiB. */
  readonly bodyBytes: number;
  /** Bytes of an image; default 16 MiB. */
  readonly imageBytes: number;
  /** Images of a request that enrolls; default 20. */
  readonly imagesPerRequest: number;
  /** Bytes of the bodies of all requests that run; more requests are answered with 503. Default 512 MiB. */
  readonly bufferedBytes: number;
  /** Requests of a key in a minute; more are answered with 429. Does not apply without keys. Default 600. */
  readonly requestsPerMinute: number;
  /** Seconds until a request must have arrived completely; default 60. */
  readonly receiveSeconds: number;
  /** Seconds until a request must be answered; otherwise the answer is 503. Default 60. */
  readonly answerSeconds: number;
  /** Seconds that `close` waits for requests that run; default 30. */
  readonly stopSeconds: number;
}

const mebibyte = 2 ** 20;

/** Limits of a service, unless it sets others. */
export const defaultLimits: ServerLimits = {
  bodyBytes: 32 * mebibyte,
  imageBytes: 16 * mebibyte,
  imagesPerRequest: 20,
  bufferedBytes: 512 * mebibyte,
  requestsPerMinute: 600,
  receiveSeconds: 60,
  answerSeconds: 60,
  stopSeconds: 30,
};

/** Returns limits with defaults. @throws ConfigError if one is out of range */
export function completeLimits(limits: Partial<ServerLimits> = {}): ServerLimits {
  const complete = { ...defaultLimits, ...limits };
  for (const [name, value] of Object.entries(complete)) {
    const integer = !name.endsWith('Seconds');
    checkNumber(`createServer: limits.${name}`, value, { minimum: integer ? 1 : 0.001, integer });
  }
  return complete;
}
