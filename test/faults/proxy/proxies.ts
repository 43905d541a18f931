import type { Servers } from '../arena/arena.ts';
import { type LostReplies, loseCommitReplies, loseProduceReplies } from './lost-replies.ts';
import { openProxy, type Proxy } from './proxy.ts';

const REDIRECT = new URL('redirect.mjs', import.meta.url).href;

/** Proxies in front of every server, and the settings with which a service connects through them. */
export interface Proxies extends AsyncDisposable {
  readonly database: Proxy;
  readonly brokers: readonly Proxy[];
  readonly commits: LostReplies;
  readonly produces: LostReplies;
  readonly through: (env: Readonly<Record<string, string>>) => Readonly<Record<string, string>>;
}

export async function openProxies(servers: Servers): Promise<Proxies> {
  await using stack = new AsyncDisposableStack();
  const commits = loseCommitReplies();
  const produces = loseProduceReplies();
  const databasePort = Number(new URL(servers.databaseUrl).port);
  const database = stack.use(await openProxy(databasePort, commits.tap));
  const ports = servers.brokers.map((broker) => Number(broker.split(':')[1]));
  const brokers = await Promise.all(
    ports.map(async (port) => stack.use(await openProxy(port, produces.tap))),
  );
  const redirect = Object.fromEntries(ports.map((port, at) => [port, brokers[at]?.port]));
  const owned = stack.move();
  return {
    database,
    brokers,
    commits,
    produces,
    through: (env) => {
      const url = new URL(env['DATABASE_URL'] ?? '');
      url.port = String(database.port);
      return {
        ...env,
        DATABASE_URL: url.href,
        REDIRECT: JSON.stringify(redirect),
        NODE_OPTIONS: `--import=${REDIRECT}`,
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
