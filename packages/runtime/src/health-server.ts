import { Failure } from '@latchkey/contracts';
import { fastify } from 'fastify';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';

const BODY_MAX_BYTES = 1_024;
const REQUEST_MAX_MS = 5_000;

export interface HealthServer extends AsyncDisposable {
  /** Where it listens; the port that the system chose where 0 was asked for. */
  readonly port: number;
}

/**
 * Serves `/livez` (200 while the process lives), `/readyz` (200, or 503 and what is not ready) and
 * `/metrics` on all addresses of the machine. Closing does not wait for clients that keep a connection.
 *
 * @param port - 0 for any free one
 * @throws Failure CONFIG_INVALID when the port cannot be had
 */
export async function openHealthServer(
  port: number,
  { health, metrics }: { readonly health: Health; readonly metrics: Metrics },
): Promise<HealthServer> {
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
  server.get('/metrics', async (_, reply) => {
    const text = await metrics.text();
    return reply.type(metrics.contentType).send(text);
  });
  try {
    await server.listen({ port, host: '0.0.0.0' });
  } catch (error) {
    throw new Failure('CONFIG_INVALID', { problems: [portProblem(port, error)] }, { cause: error });
  }
  const address = server.server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? port) : port,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function portProblem(port: number, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return `HTTP_PORT: cannot listen on ${port} (${code})`;
}
