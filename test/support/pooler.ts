import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Client } from 'pg';

/** A connection pooler in front of a database. */
export interface Pooler extends AsyncDisposable {
  readonly url: string;
}

/** How long a client keeps the server session that it got. */
export type PoolMode = 'session' | 'transaction';

/**
 * A pooler with as much of PostgreSQL's protocol as it needs to share sessions, like PgBouncer:
 * it answers the handshake itself, drops start-up options, and in mode `transaction` gives the session
 * that was used last to the client that sends next.
 *
 * @param mode - a function is called after each transaction
 * @param url - of the database, with a login that may do what the clients want to do
 */
export async function openPooler(url: string, mode: PoolMode | (() => PoolMode)): Promise<Pooler> {
  const modeNow = typeof mode === 'function' ? mode : () => mode;
  const sessions: ServerSession[] = [];
  const idle: ServerSession[] = [];
  const clients = new Set<Socket>();
  const acquire = async (): Promise<ServerSession> => {
    const last = idle.pop();
    if (last !== undefined) return last;
    const made = await openSession(url);
    sessions.push(made);
    return made;
  };
  const server = createServer((socket) => {
    clients.add(socket);
    serve(socket, modeNow, acquire, (session) => idle.push(session));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = new URL(url);
  own.hostname = '127.0.0.1';
  own.port = String((server.address() as AddressInfo).port);
  return {
    url: own.href,
    [Symbol.asyncDispose]: async () => {
      for (const socket of clients) socket.destroy();
      server.close();
      await Promise.all(sessions.map(({ client }) => client.end().catch(() => undefined)));
    },
  };
}

interface ServerSession {
  readonly client: Client;
  readonly stream: Socket;
}

/** Authenticated by pg; from then on it belongs to the client that it is given to. */
async function openSession(url: string): Promise<ServerSession> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  const { stream } = client.connection as unknown as { readonly stream: Socket };
  stream.removeAllListeners('data');
  return { client, stream };
}

const SSL_REQUEST = 80_877_103;
const HANDSHAKE = Buffer.concat([
  message('R', int32(0)),
  message('S', Buffer.from('server_version\x0018.0\0')),
  // The id of a process that does not exist.
  message('K', Buffer.concat([int32(4_194_304), int32(1)])),
  message('Z', Buffer.from('I')),
]);

function serve(
  socket: Socket,
  mode: () => PoolMode,
  acquire: () => Promise<ServerSession>,
  release: (session: ServerSession) => void,
): void {
  let session: Promise<ServerSession> | undefined;
  let isStarted = false;
  let unanswered = 0;
  const fromClient = splitter((type, bytes) => {
    if (type === 'X') {
      socket.end();
      return;
    }
    if (type === 'Q' || type === 'S') unanswered += 1;
    session ??= acquire().then((one) => {
      one.stream.removeAllListeners('data');
      one.stream.on('data', answersOf(one));
      return one;
    });
    void session.then(({ stream }) => stream.write(bytes));
  });
  const answersOf = (one: ServerSession) =>
    splitter((type, bytes) => {
      socket.write(bytes);
      if (type !== 'Z') return;
      unanswered -= 1;
      const isIdle = bytes.subarray(5).toString() === 'I' && unanswered === 0;
      if (mode() === 'session' || !isIdle) return;
      session = undefined;
      one.stream.removeAllListeners('data');
      release(one);
    });
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    if (isStarted) {
      fromClient(bytes);
      return;
    }
    isStarted = bytes.readInt32BE(4) !== SSL_REQUEST;
    socket.write(isStarted ? HANDSHAKE : 'N');
  });
}

/** Cuts a stream of bytes into messages: a letter, a length that counts itself, a body. */
function splitter(onMessage: (type: string, bytes: Buffer) => unknown): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const end = rest.readInt32BE(1) + 1;
      const bytes = rest.subarray(0, end);
      rest = rest.subarray(end);
      onMessage(bytes.toString('latin1', 0, 1), bytes);
    }
  };
}

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
