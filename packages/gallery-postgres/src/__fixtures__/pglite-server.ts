import { createServer, type Socket } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

/** A PostgreSQL server in this process, for tests. */
export interface PgliteServer {
  readonly url: string;
  /** Breaks all connections, as a server that ends sessions does. */
  breakConnections(): void;
  stop(): Promise<void>;
}

/** Codes of the second word of messages without a type. */
const [sslRequest, cancelRequest] = [80877103, 80877102];

/**
 * Serves PGlite, which is PostgreSQL as WebAssembly with one session, to several connections. One connection has the session from its
 * first message until the session is ready and in no transaction; the others wait. `@electric-sql/pglite-socket` passes single
 * messages instead, so that a connection may run the statement that another has just prepared.
 * @param options `hasVector`: whether the server has pgvector; default true
 */
export async function startPgliteServer({ hasVector = true } = {}): Promise<PgliteServer> {
  const database = await PGlite.create({ extensions: hasVector ? { vector } : {} });
  const sockets = new Set<Socket>();
  let session: Promise<void> = Promise.resolve();

  /** Waits for the session. Returns the function that gives it back. */
  const takeSession = async (): Promise<() => void> => {
    const earlier = session;
    let release!: () => void;
    session = new Promise((resolve) => {
      release = resolve;
    });
    await earlier;
    return release;
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    let isStarted = false;
    let release: (() => void) | null = null;
    let work: Promise<void> = Promise.resolve();

    const pass = async (message: Buffer): Promise<void> => {
      release ??= await takeSession();
      let last = Buffer.alloc(0);
      await database.execProtocolRawStream(message, {
        onRawData: (data) => {
          last = Buffer.from(data);
          if (socket.writable) socket.write(last);
        },
      });
      // ReadyForQuery: a type, a length, and whether a transaction is open.
      const isReady =
        last.length >= 6 && last.at(-6) === 'Z'.charCodeAt(0) && last.readInt32BE(last.length - 5) === 5;
      if (isReady && last.at(-1) === 'I'.charCodeAt(0)) giveBack();
    };
    const giveBack = () => {
      release?.();
      release = null;
    };

    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      for (;;) {
        const offset = isStarted ? 1 : 0;
        if (received.length < offset + 4) return;
        const length = offset + received.readInt32BE(offset);
        if (received.length < length) return;
        const message = received.subarray(0, length);
        received = received.subarray(length);
        if (isStarted) {
          const isEnd = message[0] === 'X'.charCodeAt(0);
          work = isEnd ? work.then(() => void socket.end()) : work.then(() => pass(message));
        } else {
          const code = message.readInt32BE(4);
          if (code === sslRequest) socket.write('N');
          else if (code === cancelRequest) socket.end();
          else {
            isStarted = true;
            work = work.then(() => pass(message));
          }
        }
      }
    });
    socket.on('close', () => {
      sockets.delete(socket);
      work = work.then(async () => {
        if (!release) return;
        await database.exec('ROLLBACK');
        giveBack();
      });
    });
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const breakConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    breakConnections,
    stop: async () => {
      breakConnections();
      await new Promise((resolve) => server.close(resolve));
      await session;
      await database.close();
    },
  };
}
