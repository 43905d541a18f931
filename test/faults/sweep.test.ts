import { expect, inject, test } from 'vitest';
import { PARTS } from './failpoints/points.ts';
import { type CaseResult, runCampaign } from './sweep/campaign.ts';
import { selectCases } from './sweep/case.ts';

/**
 * Concurrent arenas: most of the time they wait for sessions to expire. `npm run faults -- --only sweep` runs every action at
 * each point.
 */
const CASES = selectCases(PARTS.flat(), 1);

test.concurrent.each(PARTS.map((points) => ({ points, names: points.join(' ') })))(
  'processes that are killed, stopped, cut off or failed at $names lose and duplicate nothing',
  { timeout: 600_000 },
  async ({ points }) => {
    const servers = {
      databaseUrl: inject('databaseUrl'),
      brokers: inject('brokers'),
      runId: inject('runId'),
    };
    const cases = CASES.filter(({ point }) => points.includes(point));
    const results: CaseResult[] = [];
    await runCampaign(servers, cases, (result) => {
      results.push(result);
    });
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results).toHaveLength(cases.length);
  },
);
