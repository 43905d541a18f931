import type { ServerSpec } from './guard.ts';
import type { RunningServer } from './guard-client.ts';
import { logTail } from './log-tail.ts';

/** A start needs seconds on an idle machine. */
const READY_LIMIT_MS = 180_000;
const POLL_MS = 100;

/**
 * Resolves once `isReady` returns true.
 *
 * @throws ServerNotReady if the server ends first or is not ready after three minutes
 */
export async function whenReady(
  server: RunningServer,
  spec: ServerSpec,
  isReady: () => Promise<boolean>,
): Promise<void> {
  const ended = server.ended.then((how) => ({ how }));
  const deadline = Date.now() + READY_LIMIT_MS;
  while (Date.now() < deadline) {
    const seen = await Promise.race([ended, isReady()]);
    if (seen === true) return;
    if (seen !== false) throw new ServerNotReady(spec.name, seen.how, await logTail(spec.logFile));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new ServerNotReady(spec.name, 'three minutes were not enough', await logTail(spec.logFile));
}

export class ServerNotReady extends Error {
  override readonly name = 'ServerNotReady';
  /** True if another process bound the port after it was found free: worth another attempt. */
  readonly lostItsPort: boolean;

  constructor(server: string, why: string, log: string) {
    super(`${server} did not become ready (${why}):\n${log}`);
    this.lostItsPort = /address already in use|Failed to bind/i.test(log);
  }
}
