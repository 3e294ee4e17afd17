import { ConfigError, DataError, OpenSetError } from '@openset/core';
import { StoreError } from '@openset/gallery';

/** The connection broke while a change was written, and the server cannot say whether it was. Look at the gallery before you repeat it. */
export class UncertainChangeError extends OpenSetError {
  override readonly name = 'UncertainChangeError';
}

/** Codes of Node for a server that is not there. */
const unreachableCodes = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EACCES',
];
/** Codes for a connection that broke: of Node, and SQLSTATEs of a server that stops, starts, or ended the session. */
const brokenCodes = [
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '25P03',
  '25P04',
];
/** SQLSTATEs of a deadlock, and of a conflict between transactions. A new attempt succeeds. */
const conflictCodes = ['40P01', '40001'];

/** Returns whether an error means that the connection broke, so that a statement can be sent again on another. */
export function isBrokenConnection(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== null) return brokenCodes.includes(code) || code.startsWith('08');
  return /Connection terminated|is not queryable/.test(messageOf(error));
}

/** Returns whether an error means that the transaction changed nothing, and can be repeated. */
export function isTransactionConflict(error: unknown): boolean {
  return conflictCodes.includes(codeOf(error) ?? '');
}

/** Returns the name of the constraint of a unique index that a statement violated; null for other errors. */
export function violatedUniqueness(error: unknown): string | null {
  const { code, constraint } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === '23505' && typeof constraint === 'string' ? constraint : null;
}

/**
 * Returns the error for callers. Errors of openset are returned as they are.
 * @param where address of the gallery, without the password
 */
export function explainError(error: unknown, where: string): unknown {
  if (error instanceof OpenSetError) return error;
  const code = codeOf(error);
  const message = messageOf(error);
  const explain = (text: string) =>
    new StoreError(`${text} (${code === null ? '' : `${code}: `}${message})`, { cause: error });
  if (unreachableCodes.includes(code ?? '')) {
    return explain(
      `No PostgreSQL server answers at ${where}: check the address, and whether the server runs.`,
    );
  }
  if (code === '57P03') return explain(`The server of ${where} starts or stops: try again later.`);
  if (isBrokenConnection(error)) {
    return explain(
      `The connection to ${where} broke: try again, and look at the log of the server if it happens often.`,
    );
  }
  if (/^timeout exceeded|connection timeout/i.test(message)) {
    return explain(
      `Waiting for a connection to ${where} took too long: the server is slow, or all connections are busy.`,
    );
  }
  if (code === null) return isTlsError(message) ? explain(tlsAdvice(where)) : error;
  if (/^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_TLS_|ERR_SSL_)/.test(code))
    return explain(tlsAdvice(where));
  switch (code) {
    case '28P01':
    case '28000':
      return explain(
        `The server of ${where} refuses the user: check name and password, and pg_hba.conf of the server.`,
      );
    case '3D000':
      return explain(`The server of ${where} has no such database: create it with 'createdb NAME'.`);
    case '42501':
      return explain(
        `The user has no right to do this at ${where}: an administrator grants it, see README of @openset/gallery-postgres.`,
      );
    case '53300':
      return explain(
        `The server of ${where} has no free connection: lower maxConnections, or raise max_connections of the server.`,
      );
    case '57014':
      return explain(
        `A statement at ${where} took too long and was canceled: raise statementTimeout, or build an index.`,
      );
    case '25006':
      return explain(`The server of ${where} only reads, as a replica does: use the address of the primary.`);
    case '22021':
      return new DataError('Text of a gallery may not hold the character U+0000: remove it.', {
        cause: error,
      });
    case '54000':
      return new ConfigError(`PostgreSQL cannot keep this: ${message}.`, { cause: error });
    default:
      return explain(`PostgreSQL at ${where} could not run a statement.`);
  }
}

function isTlsError(message: string): boolean {
  return /SSL|TLS|certificate/i.test(message);
}

function tlsAdvice(where: string): string {
  return `No encrypted connection to ${where}: check sslmode of the address, the option ssl, and the certificate of the server.`;
}

/** Returns the code of an error of pg or Node: an SQLSTATE of five characters, or such as `ECONNREFUSED`; null if it has none. */
export function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : null;
}

function messageOf(error: unknown): string {
  // A host with two addresses fails with an error of several, which has no message of its own.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
