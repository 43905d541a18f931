import { say } from '../../tools/start/print.ts';
import { PROGRESS_TOTALS, type ProgressTotals } from '../support/checks.ts';
import { type SentEvent, type SentRecord, structured } from '../support/events.ts';
import type { OutputMessage } from '../support/output-reader.ts';
import type { Demo } from './open-demo.ts';

const WAIT_LIMIT_MS = 90_000;
const POLL_MS = 25;

/** Sends events, waits for their effects, and prints them. */
export class Teller {
  readonly #demo: Demo;
  #sent = 0;
  #told = 0;

  constructor(demo: Demo) {
    this.#demo = demo;
  }

  /** Records that were sent so far. */
  get sent(): number {
    return this.#sent;
  }

  async sendRecords(records: readonly SentRecord[]): Promise<void> {
    await this.#demo.send(records);
    this.#sent += records.length;
  }

  send(...events: readonly SentEvent[]): Promise<void> {
    return this.sendRecords(events.map(structured));
  }

  /** Waits until every sent delivery is processed and every appended message is read. */
  async settle(): Promise<void> {
    await until(
      'every delivery is processed',
      async () => (await this.totals()).received >= this.#sent,
    );
    await until(
      'every message is read',
      async () => this.#demo.reader.messages().length === (await this.published()).all,
    );
  }

  /** Prints the messages since the last call, one line each. */
  tell(): readonly OutputMessage[] {
    const news = this.#demo.reader.messages().slice(this.#told);
    this.#told += news.length;
    for (const message of news) say(`    ⇒ ${lineOf(message)}`);
    if (news.length === 0) say('    ⇒ nothing: no new message');
    return news;
  }

  /** As `tell`, without printing. */
  skip(): readonly OutputMessage[] {
    const news = this.#demo.reader.messages().slice(this.#told);
    this.#told += news.length;
    return news;
  }

  async totals(): Promise<ProgressTotals> {
    const [totals] = await this.#demo.query<ProgressTotals & Record<string, number>>(
      PROGRESS_TOTALS,
    );
    if (totals === undefined) throw new Error('no totals');
    return totals;
  }

  /** How many messages are published, of all that were appended to the outbox. */
  async published(): Promise<{ readonly done: number; readonly all: number }> {
    const [totals] = await this.#demo.query<{ done: number; all: number }>(
      `select coalesce(sum(published_through), 0)::float8 as done, coalesce(sum(head), 0)::float8 as "all"
       from (select lane, max(position) as head from outbox group by lane) as lanes
       left join relay_position using (lane)`,
    );
    if (totals === undefined) throw new Error('no totals');
    return totals;
  }
}

/** Waits for a condition. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_LIMIT_MS;
  while (!(await holds())) {
    if (Date.now() > deadline)
      throw new Error(`waited ${WAIT_LIMIT_MS / 1_000} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : 'new';
}

function lineOf({ topic, type, data, generation }: OutputMessage): string {
  const subject = `${topic.padEnd(13)} generation ${generation}`;
  switch (topic) {
    case 'lifecycle':
      return `${subject}  ${textOf(data['previous'])} → ${textOf(data['lifecycle'])}`;
    case 'access':
      return `${subject}  ${accountLine(data as unknown as AccessLine)}`;
    case 'verifications':
      return `${subject}  ${String(data['verification'])} is ${String(data['outcome'])}`;
    case 'dead-letters':
      return `${subject}  ${String(data['code'])}`;
    case 'reviews':
      return `${subject}  ${reviewLine(type, data)}`;
  }
}

function reviewLine(type: string, data: OutputMessage['data']): string {
  const kind = String(data['kind']);
  if (type === 'latchkey.review.resolved.v1')
    return `${kind} is resolved: ${String(data['resolution'])}`;
  return `${kind} is opened for ${String(data['owner'])}`;
}

interface AccessLine {
  readonly target: string;
  readonly account: { readonly state: string };
  readonly entitlements: readonly { readonly name: string }[];
  readonly changes: readonly { readonly kind: string; readonly reason: string }[];
}

function accountLine({ target, account, entitlements, changes }: AccessLine): string {
  const rights = entitlements.map(({ name }) => name).join(', ');
  const why = changes.map(({ kind, reason }) => `${kind} (${reason})`).join(', ');
  return `${target.padEnd(9)} ${account.state.padEnd(8)} [${rights}]  ${why}`;
}
