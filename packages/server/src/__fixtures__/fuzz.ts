import { connect } from 'node:net';
import type { Server } from '../create-server.ts';
import {
  asBytes,
  asInjected,
  badRequest,
  changeBytes,
  goodRequests,
  type Random,
  seededRandom,
} from './fuzz-requests.ts';

/** Result of `fuzz`. */
export interface FuzzReport {
  /** Number of answers of each status; `closed` for connections that ended without an answer. */
  readonly statuses: Readonly<Record<string, number>>;
  /** What went wrong, with the request. */
  readonly problems: readonly string[];
}

/** Texts that show the inside of a program. */
const internals =
  /\n\s+at |node_modules|file:\/\/|\.[cm]?[jt]s:\d|TypeError|RangeError|SyntaxError|ReferenceError/;
/** Milliseconds within which every request must be answered. */
const patience = 20_000;

/**
 * Sends bad requests to a service: most through `inject`, one in five over a connection, where the framing is broken too.
 * @param address where the service listens
 */
export async function fuzz(
  { app }: Pick<Server, 'app'>,
  address: string,
  {
    count,
    seed,
    images,
  }: { readonly count: number; readonly seed: number; readonly images: readonly Buffer[] },
): Promise<FuzzReport> {
  const random = seededRandom(seed);
  const good = goodRequests(images);
  const statuses: Record<string, number> = {};
  const problems: string[] = [];
  const note = (status: string) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  for (let index = 0; index < count; index++) {
    const request = badRequest(random, good[Math.floor(random() * good.length)]!);
    const report = (problem: string) => {
      const body = request.body.toString('latin1').slice(0, 300);
      problems.push(
        `${problem}: ${request.method} ${request.url.slice(0, 100)} ${JSON.stringify(request.headers).slice(0, 300)} ${body}`,
      );
    };
    const check = (status: number, body: string) => {
      note(String(status));
      if (status >= 500) report(`status ${status} ${body}`);
      if (internals.test(body)) report(`internals in ${body.slice(0, 300)}`);
      if (status >= 400 && body !== '' && !hasErrorForm(body))
        report(`another form of error: ${body.slice(0, 300)}`);
    };
    try {
      // `inject` refuses addresses that are no URL; a connection takes them.
      if (index % 5 > 0 && URL.canParse(request.url, 'http://localhost')) {
        const { statusCode, body } = await withinPatience(app.inject(asInjected(request)));
        check(statusCode, request.method === 'HEAD' ? '' : body);
      } else {
        const answer = await withinPatience(exchange(address, framing(random, asBytes(request))));
        const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(answer) ?? [];
        if (status === undefined) note('closed');
        else if (status !== '100') check(Number(status), internals.exec(answer)?.[0] ?? '');
        if (status === undefined && answer !== '') report(`no HTTP: ${answer.slice(0, 100)}`);
      }
    } catch (error) {
      report(String(error));
    }
  }
  return { statuses, problems };
}

/** Breaks the framing of every other request. */
function framing(random: Random, bytes: Buffer): Buffer {
  return random() < 0.5 ? bytes : changeBytes(random, bytes);
}

function hasErrorForm(body: string): boolean {
  try {
    const { error } = JSON.parse(body);
    return typeof error.code === 'string' && typeof error.message === 'string';
  } catch {
    return false;
  }
}

async function withinPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), patience);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

/** Sends bytes over a connection, and ends it. @returns what came back */
function exchange(address: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(new URL(address).port), '127.0.0.1', () => socket.end(bytes));
    socket.on('data', (data: Buffer) => chunks.push(data));
    // A connection that the server resets has ended too.
    socket.on('error', () => {});
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}
