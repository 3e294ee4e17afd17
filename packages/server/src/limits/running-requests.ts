import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '../http/api-error.ts';
import type { ServerLimits } from './limits.ts';

/** Counts the requests that run and the bytes of their bodies, and refuses more than fit. */
export class RunningRequests {
  readonly #limits: ServerLimits;
  #count = 0;
  #bytes = 0;
  #isStopping = false;
  #whenIdle: (() => void)[] = [];

  constructor(limits: ServerLimits) {
    this.#limits = limits;
  }

  /** Whether new requests are refused because the service stops. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Number of requests that run. */
  get count(): number {
    return this.#count;
  }

  /** Adds the hooks. Health checks pass also while the service stops. */
  addTo(app: FastifyInstance): void {
    app.addHook('onRequest', async (request, reply) => {
      if (request.routeOptions.config?.isHealthCheck) return;
      const bytes = this.#requireRoom(request, reply);
      this.#count++;
      this.#bytes += bytes;
      // It comes also if the client hangs up.
      reply.raw.once('close', () => this.#end(bytes));
    });
    app.addHook('onSend', async (_, reply) => {
      if (this.#isStopping) reply.header('connection', 'close');
    });
  }

  /** Refuses new requests from now on. Resolves when those that run have ended, or after a time. */
  async stop(seconds: number): Promise<void> {
    this.#isStopping = true;
    if (this.#count === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, 1000 * seconds);
    });
    await Promise.race([timeout, new Promise<void>((resolve) => this.#whenIdle.push(resolve))]);
    clearTimeout(timer);
  }

  /** Returns the bytes that the body of a request needs. @throws ApiError if the service stops or they do not fit */
  #requireRoom(request: FastifyRequest, reply: FastifyReply): number {
    if (this.#isStopping) {
      reply.header('connection', 'close');
      throw new ApiError(503, 'stopping', 'The service stops.', { retryAfter: 1 });
    }
    const bytes = bodyBytes(request.headers, this.#limits.bodyBytes);
    if (bytes > this.#limits.bodyBytes) {
      throw new ApiError(413, 'too-large', `A body may have ${this.#limits.bodyBytes} bytes.`);
    }
    if (this.#bytes + bytes > Math.max(this.#limits.bufferedBytes, this.#limits.bodyBytes)) {
      throw new ApiError(503, 'busy', 'The service is busy: try again in 1 s.', { retryAfter: 1 });
    }
    return bytes;
  }

  #end(bytes: number): void {
    this.#count--;
    this.#bytes -= bytes;
    if (this.#count > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}

/** Returns the bytes that a body can have: its length, or the most for one of unknown length. */
function bodyBytes(headers: NodeJS.Dict<string | string[]>, most: number): number {
  if (headers['content-length'] !== undefined) return Number(headers['content-length']);
  return headers['transfer-encoding'] === undefined ? 0 : most;
}
