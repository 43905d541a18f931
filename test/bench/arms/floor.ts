import type { BenchSystem } from '../system.ts';
import type { Sent } from '../workload/load.ts';
import type { Arm } from './arm.ts';
import { countAppended, openServiceArm } from './services.ts';

/**
 * Lower bound of the cost, with the guarantees of the outbox only: the same consumer, one insert of the deliveries into
 * a table without secondary indexes, one message per event through the same outbox and relay. Nothing is
 * parsed, claimed, locked or decided.
 */
export const floor: Arm = {
  name: 'D',
  what: 'raw floor',
  isNumbered: true,
  open: async (system) => {
    await system.database.query(RAW_TABLE);
    await system.database.query('grant insert on bench_raw to latchkey_reconciler');
    return openServiceArm(system, {
      script: 'test/bench/arms/floor-service.ts',
      committed: countAppended,
      checkInputs,
    });
  },
};

const RAW_TABLE = `create table bench_raw (
  topic text not null, partition integer not null, "offset" bigint not null, key text not null, value text not null)`;

async function checkInputs({ database }: BenchSystem, sent: Sent): Promise<readonly string[]> {
  const [row] = await database.query<{ rows: number; places: number }>(
    `select count(*)::float8 as rows, count(distinct (topic, partition, "offset"))::float8 as places
     from bench_raw`,
  );
  const { rows = 0, places = 0 } = row ?? {};
  return rows === sent.deliveries && places === rows
    ? []
    : [`${rows} rows of ${places} records, of ${sent.deliveries} that were sent`];
}
