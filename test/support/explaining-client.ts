import { type Client, escapeLiteral, type QueryConfig } from 'pg';
import { type Plan, readPlan } from './read-plan.ts';
import { type Query, wrappedClient } from './wrapped-client.ts';

/** Connections that explain every prepared statement before they run it. */
export interface Explainer {
  readonly Client: typeof Client;
  /** Statements are run without explaining them until `resume`. */
  pause(): void;
  resume(): void;
  /** The plans since the last call, by the name of the statement. No statement may be in flight. */
  drain(): Promise<ReadonlyMap<string, readonly Plan[]>>;
}

/**
 * Explains exactly what then runs: the statement as prepared on this connection, its generic plan, with the same
 * values, in the same transaction, after the same statements. For that it is run once more, and rolled back.
 */
export function openExplainer(): Explainer {
  let plans: Promise<readonly [string, Plan]>[] = [];
  let isPaused = false;
  const found = (name: string, plan: Promise<Plan>): void => {
    plans.push(plan.then((one) => [name, one]));
  };
  return {
    Client: wrappedClient((query) => {
      const explained = explaining(query, found);
      return (config, values) =>
        isPaused && typeof config === 'object' ? query(config, values) : explained(config, values);
    }),
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
    },
    async drain() {
      const found = Map.groupBy(await Promise.all(plans), ([name]) => name);
      plans = [];
      return new Map([...found].map(([name, all]) => [name, all.map(([, plan]) => plan)]));
    },
  };
}

function explaining(query: Query, found: (name: string, plan: Promise<Plan>) => void): Query {
  const prepared = new Map<string, number>();
  let isInTransaction = false;
  return (config, values) => {
    if (typeof config === 'string' && values === undefined) {
      isInTransaction = config.startsWith('begin');
      return query(config);
    }
    const { name = 'unnamed', text, values: own } = statementOf(config, values);
    const explained = `explained ${prepared.get(text) ?? prepared.size}`;
    if (!prepared.has(text)) {
      prepared.set(text, prepared.size);
      ignoring(query(`prepare "${explained}" as ${text}`));
    }
    // All of it is sent in this turn, so that no other statement is sent in between.
    ignoring(query(isInTransaction ? 'savepoint explained' : 'begin'));
    const answer = query(
      `explain (analyze, buffers, format json) execute "${explained}"${argumentsOf(own)}`,
    );
    ignoring(query(isInTransaction ? 'rollback to savepoint explained' : 'rollback'));
    const plan = answer.then(readPlan);
    ignoring(plan);
    found(name, plan);
    return query(config, values);
  };
}

/** What fails here also rejects `drain`, where it is reported. */
function ignoring(answer: Promise<unknown>): void {
  answer.catch(() => undefined);
}

/** pg takes either; Kysely gives the values beside the text. */
function statementOf(config: string | QueryConfig, values: unknown): QueryConfig {
  return typeof config === 'string' ? { text: config, values: values as unknown[] } : config;
}

function argumentsOf(values: readonly unknown[] = []): string {
  if (values.length === 0) return '';
  return ` (${values.map(literalOf).join(', ')})`;
}

function literalOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return escapeLiteral(textOf(value));
}

function textOf(value: unknown): string {
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (Array.isArray(value)) return `{${value.map(elementOf).join(',')}}`;
  return String(value);
}

function elementOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return `"${textOf(value).replace(/["\\]/g, '\\$&')}"`;
}
