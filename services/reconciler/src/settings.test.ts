import { expect, test } from 'vitest';
import { reconcilerSettings } from './settings.ts';

const COMPLETE = { DATABASE_URL: 'postgresql://localhost/latchkey', KAFKA_BROKERS: 'localhost:1' };

function problems(environment: Readonly<Record<string, string>>): readonly string[] {
  const { error } = reconcilerSettings.safeParse({ ...COMPLETE, ...environment });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('facts are kept for at least as long as the inbox remembers their ids', () => {
  expect(problems({})).toEqual([]);
  expect(problems({ FACT_RETENTION_DAYS: '45', INBOX_RETENTION_DAYS: '45' })).toEqual([]);
  expect(problems({ FACT_RETENTION_DAYS: '29' })).toEqual([
    'FACT_RETENTION_DAYS: expected not less than INBOX_RETENTION_DAYS',
  ]);
  expect(problems({ INBOX_RETENTION_DAYS: '731' })).toEqual([
    'FACT_RETENTION_DAYS: expected not less than INBOX_RETENTION_DAYS',
  ]);
});
