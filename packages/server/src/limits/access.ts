import { ConfigError } from '@openset/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../http/api-error.ts';
import type { ApiKeys, Scope } from './api-keys.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Scope that the route needs; null for none. */
    scope?: Scope | null;
    /** Whether the route answers also while the service stops. */
    isHealthCheck?: boolean;
  }
  interface FastifyRequest {
    /** Name of the key of the request; null without keys. */
    keyName: string | null;
  }
}

/** Lets requests in whose key has the scope of the route. Without keys, lets only this machine in. */
export function guardAccess(app: FastifyInstance, keys: ApiKeys | null): void {
  app.decorateRequest('keyName', null);
  app.addHook('onRequest', async (request, reply) => {
    if (keys === null) {
      refuseOtherSites(request);
      return;
    }
    // A route that forgot its scope needs the highest.
    const { scope = request.is404 ? null : 'admin' } = request.routeOptions.config ?? {};
    if (scope === null) return;
    const key = presentedKey(request);
    const record = key === null ? null : await keys.find(key);
    if (!record) {
      reply.header('www-authenticate', 'Bearer');
      throw new ApiError(
        401,
        key === null ? 'no-key' : 'wrong-key',
        key === null
          ? 'The service needs a key: send it as `Authorization: Bearer KEY` or `X-Api-Key: KEY`.'
          : 'The service does not know this key.',
      );
    }
    if (!record.scopes.includes(scope) && !record.scopes.includes('admin')) {
      throw new ApiError(403, 'wrong-scope', `This needs a key with the scope '${scope}'.`);
    }
    request.keyName = record.name;
  });
}

function presentedKey({ headers }: FastifyRequest): string | null {
  const bearer = /^Bearer +(\S+)\s*$/i.exec(headers.authorization ?? '')?.[1];
  const own = headers['x-api-key'];
  return bearer ?? (typeof own === 'string' && own !== '' ? own : null);
}

/**
 * Refuses what a page of another site could send through a browser of this machine: requests under another host name, which an
 * attacker's name server resolves to this machine, and requests from another origin.
 */
function refuseOtherSites({ headers }: FastifyRequest): void {
  const { host = '', origin } = headers;
  if (!isLoopback(hostName(host))) {
    throw new ApiError(
      403,
      'wrong-host',
      'Without API keys, the service answers only under localhost, 127.0.0.1 and [::1].',
    );
  }
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new ApiError(
      403,
      'wrong-origin',
      'Without API keys, the service does not answer pages of other sites.',
    );
  }
}

/** Returns the name in a Host header, without the port. */
function hostName(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** Whether a host name or an address stands for this machine only. */
export function isLoopback(host: string): boolean {
  return /^(localhost|::1|127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i.test(host);
}

/** Checks the address to listen at. @throws ConfigError for one that others can reach, if there are no keys */
export function requireSafeHost(host: string, keys: ApiKeys | null): void {
  if (keys !== null || isLoopback(host)) return;
  throw new ConfigError(
    `The service has no API keys, so everybody who reaches '${host}' could read and change its people: it listens at 127.0.0.1 only. ` +
      'create a key first.',
  );
}
