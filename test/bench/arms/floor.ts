import type { BenchSystem } from '../system.ts';
import type { Sent } from '../workload/load.ts';
import type { Arm } from './arm.ts';
import { appendedTo, openServiceArm } from './services.ts';

/**
 * How fast it could be without any guarantee but that of the outbox: the same consumer, one insert of what came into a
 * table without secondary indexes, one message an event by the same outbox and the same relay. Nothing is
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
      taken: appendedTo,
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
