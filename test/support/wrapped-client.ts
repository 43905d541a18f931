import { Client, type QueryConfig } from 'pg';

/** `query` of a connection: a text, or a statement that is prepared under its name. */
export type Query = (config: string | QueryConfig, values?: unknown) => Promise<unknown>;

/** Connections like pg's own whose `query` is replaced by `wrap`, once a connection. */
export function wrappedClient(wrap: (query: Query) => Query): typeof Client {
  return class extends Client {
    constructor(config?: ConstructorParameters<typeof Client>[0]) {
      super(config);
      const original = this.query.bind(this) as unknown as Query;
      this.query = wrap(original) as unknown as Client['query'];
    }
  };
}

/** The name of a prepared statement, or the first word of any other. */
export function nameOf(config: string | QueryConfig): string {
  if (typeof config === 'object') return config.name ?? '';
  return config.split(' ', 1).join('').toLowerCase();
}
