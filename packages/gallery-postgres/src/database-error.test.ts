import { ConfigError, DataError, OpenSetError } from '@openset/core';
import { StoreError } from '@openset/gallery';
import { describe, expect, it } from 'vitest';
import {
  explainError,
  isBrokenConnection,
  isTransactionConflict,
  violatedUniqueness,
} from './database-error.ts';

const where = 'postgres://db/faces?gallery=staff';
const failure = (code: string | undefined, message: string) =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

describe('explainError', () => {
  it.each<[string, string | undefined, string, RegExp]>([
    [
      'a missing server',
      'ECONNREFUSED',
      'connect ECONNREFUSED',
      /No PostgreSQL server answers at postgres:\/\/db/,
    ],
    ['an unknown host', 'ENOTFOUND', 'getaddrinfo ENOTFOUND db', /No PostgreSQL server answers/],
    [
      'a wrong password',
      '28P01',
      'password authentication failed for user "ada"',
      /refuses the user: check name/,
    ],
    ['a missing database', '3D000', 'database "faces" does not exist', /createdb/],
    ['missing rights', '42501', 'permission denied for schema staff', /has no right/],
    ['too many connections', '53300', 'sorry, too many clients already', /no free connection/],
    [
      'a statement that took too long',
      '57014',
      'canceling statement due to statement timeout',
      /statementTimeout/,
    ],
    ['a replica', '25006', 'cannot execute UPDATE in a read-only transaction', /primary/],
    [
      'a full disk',
      '53100',
      'could not extend file',
      /could not run a statement.*53100: could not extend file/,
    ],
    ['a broken connection', undefined, 'Connection terminated unexpectedly', /broke: try again/],
    ['a server that starts', '57P03', 'the database system is starting up', /starts or stops/],
    ['a busy pool', undefined, 'timeout exceeded when trying to connect', /took too long/],
    ['a certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', /certificate of the server/],
    [
      'a server without TLS',
      undefined,
      'The server does not support SSL connections',
      /No encrypted connection/,
    ],
  ])('says what to do about %s', (_, code, message, expected) => {
    const cause = failure(code, message);
    const explained = explainError(cause, where) as Error;
    expect(explained).toBeInstanceOf(StoreError);
    expect(explained.message).toMatch(expected);
    expect(explained.message).toContain(message);
    expect(explained.cause).toBe(cause);
  });

  it('names both addresses of a host that refuses', () => {
    const addresses = ['::1', '127.0.0.1'].map((host) => failure('ECONNREFUSED', `connect ${host}:5432`));
    const cause = Object.assign(new AggregateError(addresses), { code: 'ECONNREFUSED' });
    expect((explainError(cause, where) as Error).message).toMatch(/::1:5432; connect 127\.0\.0\.1:5432/);
  });

  it('knows what the caller did wrong', () => {
    expect(explainError(failure('22021', 'invalid byte sequence'), where)).toBeInstanceOf(DataError);
    expect(explainError(failure('54000', 'row is too big'), where)).toBeInstanceOf(ConfigError);
  });

  it('leaves other errors as they are', () => {
    for (const error of [new OpenSetError('x'), new TypeError('y'), 'text', undefined]) {
      expect(explainError(error, where)).toBe(error);
    }
  });
});

describe('isBrokenConnection', () => {
  it('distinguishes broken connections, after which a statement can be repeated, from refusals', () => {
    for (const code of ['ECONNRESET', 'EPIPE', '57P01', '08006']) {
      expect(isBrokenConnection(failure(code, ''))).toBe(true);
    }
    const lost = failure(undefined, 'Client has encountered a connection error and is not queryable');
    expect(isBrokenConnection(lost)).toBe(true);
    for (const code of ['ECONNREFUSED', '23505', '57014', '40P01']) {
      expect(isBrokenConnection(failure(code, 'Connection terminated'))).toBe(false);
    }
    for (const error of [new TypeError('x'), undefined, null]) expect(isBrokenConnection(error)).toBe(false);
  });
});

describe('isTransactionConflict', () => {
  it('is true for deadlocks and conflicts', () => {
    expect(['40P01', '40001', '23505'].map((code) => isTransactionConflict(failure(code, '')))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('violatedUniqueness', () => {
  it('returns the constraint', () => {
    expect(violatedUniqueness(Object.assign(failure('23505', ''), { constraint: 'people_name' }))).toBe(
      'people_name',
    );
    expect(violatedUniqueness(Object.assign(failure('23503', ''), { constraint: 'x' }))).toBeNull();
    expect(violatedUniqueness(new Error())).toBeNull();
  });
});
