import { Failure } from '@latchkey/contracts';
import { fastify } from 'fastify';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';

const BODY_MAX_BYTES = 1_024;
const REQUEST_MAX_MS = 5_000;
/** `::` accepts IPv4, too. The other is for machines without IPv6. */
const EVERYWHERE = ['::', '0.0.0.0'] as const;
const LACKS_FAMILY: ReadonlySet<string> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL']);

export interface HealthServer extends AsyncDisposable {
  /** Where it listens; the port that the system chose where 0 was asked for. */
  readonly port: number;
}

/**
 * Serves `/livez` (200 while the process lives), `/readyz` (200, or 503 and what is not ready) and
 * `/metrics` on all addresses of the machine, of both IP families. Closing does not wait for clients that keep a
 * connection.
 *
 * @param port - 0 for any free one
 * @param hosts - what is listened on: the first that this machine has
 * @throws Failure CONFIG_INVALID when the port cannot be had
 */
export async function openHealthServer(
  port: number,
  parts: { readonly health: Health; readonly metrics: Metrics },
  hosts: readonly string[] = EVERYWHERE,
): Promise<HealthServer> {
  const answers = { health: parts.health, text: textOf(parts), type: parts.metrics.contentType };
  let cause: unknown;
  for (const host of hosts) {
    // eslint-disable-next-line no-await-in-loop -- the second only where the first cannot be had
    const opened = await listen(serverOf(answers), port, host);
    if ('port' in opened) return opened;
    cause = opened.error;
    if (!LACKS_FAMILY.has(codeOf(cause))) break;
  }
  throw new Failure('CONFIG_INVALID', { problems: [portProblem(port, cause)] }, { cause });
}

async function listen(
  server: ReturnType<typeof serverOf>,
  port: number,
  host: string,
): Promise<HealthServer | { readonly error: unknown }> {
  try {
    await server.listen({ port, host });
  } catch (error) {
    await server.close();
    return { error };
  }
  const address = server.server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? port) : port,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

interface Answers {
  readonly health: Health;
  /** Of `/metrics`. */
  readonly text: () => Promise<string>;
  readonly type: string;
}

/** The metrics, with readiness as it is when they are asked for. */
function textOf(parts: { readonly health: Health; readonly metrics: Metrics }): Answers['text'] {
  const ready = parts.metrics.gauge('latchkey_ready');
  return () => {
    ready.set(parts.health.readiness().ready ? 1 : 0);
    return parts.metrics.text();
  };
}

function serverOf({ health, text, type }: Answers) {
  const server = fastify({
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_MAX_MS,
    forceCloseConnections: true,
  });
  server.get('/livez', () => ({ alive: true }));
  server.get('/readyz', (_, reply) => {
    const readiness = health.readiness();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  server.get('/metrics', async (_, reply) => reply.type(type).send(await text()));
  return server;
}

function portProblem(port: number, error: unknown): string {
  return `HTTP_PORT: cannot listen on ${port} (${codeOf(error)})`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
