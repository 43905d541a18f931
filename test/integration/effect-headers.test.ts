import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { employee, hrEvent, inDays } from '../support/events.ts';
import { openIntakeHarness } from '../support/intake-harness.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test.each([
  [{}, {}],
  [{ traceparent: TRACEPARENT }, { traceparent: TRACEPARENT }],
  [
    { traceparent: TRACEPARENT, tracestate: 'rojo=1' },
    { traceparent: TRACEPARENT, tracestate: 'rojo=1' },
  ],
])('effects bear the trace of the event that caused them: %j', async (trace, headers) => {
  await using database = await createTestDatabase();
  await using harness = await openIntakeHarness(database);
  const data = { startsAt: inDays(-9), attributes: employee('Sales') };

  await harness.process([hrEvent('joined', 'p1', 1, data, trace)]);

  const rows = await database.query<{ headers: string }>('select headers from outbox');
  expect(rows.length).toBeGreaterThan(1);
  for (const row of rows) {
    const found = Object.entries(JSON.parse(row.headers) as object);
    expect(Object.fromEntries(found.filter(([name]) => name.includes('trace')))).toEqual(headers);
  }
});
