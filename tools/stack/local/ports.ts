import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ephemeral range: a client that connects to the port of a stopped server could otherwise get that port as
// its source port and connect to itself.
const LOWEST = 15_000;
const HIGHEST = 32_000;
const MAX_TRIES = 200;

/** Returns distinct ports of the loopback interface on which no process listens at this moment. */
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
