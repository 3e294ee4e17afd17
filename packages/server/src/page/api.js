// @ts-check
/** @import { Static } from 'typebox' */
/** @import * as schemas from '../http/schemas.ts' */

/** @typedef {Static<typeof schemas.IdentifyAnswer>} IdentifyAnswer */
/** @typedef {IdentifyAnswer['faces'][number]} IdentifiedFace */
/** @typedef {Static<typeof schemas.EnrollAnswer>} EnrollAnswer */
/** @typedef {Static<typeof schemas.PersonAnswer>} Person */
/** @typedef {Static<typeof schemas.PeopleAnswer>} PeopleAnswer */
/** @typedef {Static<typeof schemas.PhotosAnswer>} PhotosAnswer */
/** @typedef {Static<typeof schemas.ModelAnswer>} ModelAnswer */
/** @typedef {Static<typeof schemas.OperatingPointsAnswer>} OperatingPointsAnswer */

const keyPlace = 'openset-key';

/** An answer that is no success. The message is for people. */
export class ServiceError extends Error {
  /**
   * @param {number} status 0 if the service did not answer
   * @param {string} code
   * @param {string} message
   * @param {unknown} [details]
   */
  constructor(status, code, message, details) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/** Returns the key of this tab; null if there is none. */
export function readKey() {
  return sessionStorage.getItem(keyPlace);
}

/**
 * Keeps a key until the tab is closed.
 * @param {string | null} key
 */
export function storeKey(key) {
  if (key === null) sessionStorage.removeItem(keyPlace);
  else sessionStorage.setItem(keyPlace, key);
}

/** @type {(error: ServiceError) => Promise<boolean>} */
let askForKey = async () => false;

/**
 * Sets what asks for a key when the service refuses that of a request.
 * @param {typeof askForKey} ask returns whether there is another key now
 */
export function onMissingKey(ask) {
  askForKey = ask;
}

/**
 * Sends a request to the service. If it refuses the key, asks for another one and sends the request again.
 * @param {string} method
 * @param {string} path below `/v1/`
 * @param {{ body?: FormData | object, signal?: AbortSignal }} [options]
 * @returns {Promise<unknown>} null for an answer without content
 * @throws ServiceError
 */
export async function request(method, path, options = {}) {
  while (true) {
    try {
      return await send(method, path, options);
    } catch (error) {
      const isKeyRefused = error instanceof ServiceError && error.status === 401;
      if (!isKeyRefused || !(await askForKey(error))) throw error;
    }
  }
}

/**
 * Sends a request once.
 * @param {string} method
 * @param {string} path
 * @param {{ body?: FormData | object, signal?: AbortSignal }} [options]
 */
export async function send(method, path, { body, signal } = {}) {
  const key = readKey();
  const isForm = body instanceof FormData;
  /** @type {Response} */
  let response;
  try {
    response = await fetch(`v1/${path}`, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(body && !isForm && { 'content-type': 'application/json' }),
      },
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ServiceError(
      0,
      'unreachable',
      'The service does not answer. Check that it runs, and try again.',
    );
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw errorOf(response, answer?.error ?? {});
}

/**
 * @param {Response} response
 * @param {{ code?: string, message?: string, details?: unknown }} error
 */
function errorOf({ status, headers }, { code = 'unknown', message, details }) {
  const wait = Number(headers.get('retry-after'));
  const isBusy = status === 503 || status === 429;
  const text = message ?? `The service answered with status ${status}.`;
  const again = isBusy && wait > 0 && !/again/.test(text) ? ` Try again in ${wait} s.` : '';
  return new ServiceError(status, code, text + again, details);
}

/**
 * Returns what a person can read about a failure.
 * @param {unknown} error
 */
export function problemOf(error) {
  if (error instanceof ServiceError) return error.message;
  console.error(error);
  return 'Something failed on this page. Its console has more.';
}
