import { Failure } from '@latchkey/contracts';
import pg from 'pg';
import { columnTypes } from '../column-types.ts';
import { streamsUntil } from '../streams-until.ts';
import { refuseSharedSession } from './pooler.ts';
import { type Purpose, SESSION_PROFILES, type SessionProfile } from './profile.ts';
import { rememberSessionEnd } from './session-end.ts';
import { markPooled } from './session-mark.ts';
import { RoleRefusedError, settleSession } from './settle-session.ts';

export interface PoolOptions {
  readonly url: string;
  /** Set with `set role`; undefined keeps the login. */
  readonly role: string | undefined;
  /** Chooses the profile of its sessions; `service` where it is left out. */
  readonly purpose?: Purpose;
  readonly poolSize: number;
  readonly applicationName: string;
  /** An idle connection was lost. The next use opens another one. */
  readonly onConnectionLost: (error: Error) => void;
  /** Makes the connections; pg's own where it is left out. Fault tests replace it. */
  readonly Client?: typeof pg.Client;
  /** Once aborted, connections are destroyed and no other is opened: every statement that waits rejects. */
  readonly giveUp?: AbortSignal;
}

/** A pool that hands out connections only after they were set up as their purpose demands. */
export interface SettledPool {
  /** @throws ConnectError; Failure DATABASE_SESSION where the session is not what was set */
  readonly connect: () => Promise<pg.PoolClient>;
  readonly end: () => Promise<void>;
  readonly options: pg.PoolOptions;
}

/**
 * Connecting failed. The statement was not run; the SQLSTATE of the server is about connecting and stays in `cause`.
 */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
}

const CONNECT_MS = 5_000;
/** Setting up a session that is connected. */
const SETTLE_MS = 10_000;

export function openPool(options: PoolOptions): SettledPool {
  const profile = SESSION_PROFILES[options.purpose ?? 'service'];
  const config = clientConfig(options, profile);
  const Client = options.Client ?? pg.Client;
  // A pooler is detected once.
  let refused: Promise<void> | undefined;
  const settle = async (client: pg.ClientBase): Promise<void> => {
    rememberSessionEnd(client);
    const { mark, isPooled } = await settleSession(client, {
      settings: profile.settings,
      role: options.role,
    });
    if (!isPooled) return;
    markPooled(client, mark);
    refused ??= refuseSharedSession(client, mark, new Client(config)).catch((error: unknown) => {
      refused = undefined; // the next connection tries again
      throw error;
    });
    await refused;
  };
  // Its type returns void; the pool awaits the promise.
  const onConnect = (client: pg.ClientBase): unknown => within(SETTLE_MS, settle(client));
  const pool = new pg.Pool({ ...config, Client, max: options.poolSize, onConnect });
  pool.on('error', options.onConnectionLost);
  return {
    connect: () => pool.connect().catch(asConnectError),
    end: () => pool.end(),
    options: pool.options,
  };
}

/** Without start-up options: poolers and URLs lose, refuse or replace them. */
function clientConfig(options: PoolOptions, { queryTimeoutMs }: SessionProfile): pg.ClientConfig {
  return {
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: queryTimeoutMs,
    types: columnTypes,
    pipeline: true,
    keepAlive: true,
    ...(options.giveUp === undefined ? {} : { stream: streamsUntil(options.giveUp) }),
  };
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the session was not set up within ${limitMs} ms`));
    }, limitMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function asConnectError(error: unknown): never {
  if (error instanceof Failure || error instanceof RoleRefusedError) throw error;
  throw new ConnectError('connecting to the database failed', { cause: error });
}
