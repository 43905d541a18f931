import { identityIdOf } from '@latchkey/contracts';
import { type IntakeContext, type Round, type RoundLimits, reconcileDue } from '@latchkey/intake';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { employee, HR, hrEvent, inDays } from './events.ts';
import { type IntakeHarness, openIntakeHarness } from './intake-harness.ts';

/** One item of due work, as it is stored. */
export interface WorkRow {
  readonly attempt: number;
  readonly cause: string | null;
  readonly leased: boolean;
}

/** Leavers that are due, and a database that refuses to change their accounts. */
export class DueWorkWorld implements AsyncDisposable {
  readonly database: TestDatabase;
  readonly harness: IntakeHarness;

  private constructor(database: TestDatabase, harness: IntakeHarness) {
    this.database = database;
    this.harness = harness;
  }

  static async open(): Promise<DueWorkWorld> {
    const database = await createTestDatabase();
    return new DueWorkWorld(database, await openIntakeHarness(database));
  }

  /** People whose last day is over, and about whom the clock has not decided since. */
  async leavers(persons: readonly string[]): Promise<void> {
    const data = { startsAt: inDays(-9), attributes: employee('Sales') };
    await this.harness.process(
      persons.flatMap((person) => [
        hrEvent('joined', person, 1, data),
        hrEvent('left', person, 2, { engagement: `E-${person}`, endsAt: inDays(9) }),
      ]),
    );
    await this.#pass(persons);
  }

  /** Their last day moves into the past, as time would do. */
  async #pass(persons: readonly string[]): Promise<void> {
    const ids = persons.map((person) => identityIdOf(HR, person));
    await this.database.query(
      `update fact set data = replace(data, $2, $3)
       where identity_id = any ($1::uuid[]) and kind = 'left'`,
      [ids, inDays(9).slice(0, 10), inDays(-1).slice(0, 10)],
    );
    await this.database.query(
      `update identity set next_transition_at = now() - interval '1 hour'
       where identity_id = any ($1::uuid[])`,
      [ids],
    );
  }

  /** The database refuses to change accounts, as a bad release would fail. */
  async refuse(code: string, when = 'true'): Promise<void> {
    await this.database.query(`
      create or replace function refuse_poison() returns trigger language plpgsql as $$
      begin raise exception 'poison' using errcode = '${code}'; end $$;
      create or replace trigger poison before update on account for each row
      when (${when}) execute function refuse_poison();`);
  }

  /** The database accepts all changes again. */
  async accept(): Promise<void> {
    await this.database.query('drop trigger poison on account');
  }

  /** Intake of a process with other sources. */
  build(name: string): IntakeContext {
    return { ...this.harness.context, build: name };
  }

  round(limits?: RoundLimits): Promise<Round> {
    return reconcileDue(this.harness, limits);
  }

  /** Rounds until nothing can be tried. */
  async allRounds(context: IntakeContext): Promise<void> {
    while ((await reconcileDue(context)).tried > 0);
  }

  /** The next try of everything that waits is now, and leases have run out. */
  async later(): Promise<void> {
    await this.database.query(`
      update due_work set retry_at = now(), lease_until = least(lease_until, now());
      update due_work_pace set next_try_at = now();`);
  }

  /** User names of people whose accounts are disabled. */
  async disabled(): Promise<readonly string[]> {
    const rows = await this.database.query<{ user_name: string }>(
      "select distinct user_name from account where state = 'disabled' order by 1",
    );
    return rows.map((row) => row.user_name);
  }

  async work(): Promise<readonly WorkRow[]> {
    return this.database.query<WorkRow & Record<string, unknown>>(
      'select attempt, cause, lease_until is not null as leased from due_work order by item_id',
    );
  }

  /** Parked identities that never come again. */
  async lost(): Promise<readonly string[]> {
    const rows = await this.database.query<{ external_id: string }>(`
      select external_id from identity where parked_at is not null and not exists (
        select from due_work where kind = 'clock' and item_id = identity_id::text)`);
    return rows.map((row) => row.external_id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.harness[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
  }
}
