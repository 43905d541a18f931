import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range from which systems take ports for outgoing connections: a client that knocks at the port of a
// stopped server could otherwise be given that very port and answer itself.
const LOWEST = 15_000;
const HIGHEST = 32_000;
const MAX_TRIES = 200;

/** Ports of the loopback interface that nobody listens on at this moment, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries += 1) {
    if (tries === MAX_TRIES) throw new Error(`no free port found in ${MAX_TRIES} tries`);
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
