import { defineConfig } from 'vitest/config';

/**
 * Tests are split by what they cost. All but the unit tests share one stack (database and broker) a
 * run: each project names the same global setup, which opens the stack once for the process.
 * Files keep to databases, topics and groups of their own, so that several can run at once. Three do, since
 * they wait for servers a third of their time.
 */
const onStack = {
  globalSetup: ['test/support/global-setup.ts'],
  hookTimeout: 120_000,
};
const MEASURING = 'test/faults/hostile/**/*.test.ts';

export default defineConfig({
  test: {
    // Servers are stopped in there.
    teardownTimeout: 60_000,
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{packages,services}/*/src/**/*.test.ts',
            'test/{faults,bench,support}/**/*.unit.test.ts',
            'tools/**/*.test.ts',
          ],
          testTimeout: 20_000,
          // Some start a process of their own, which takes its time on a busy machine.
          expect: { poll: { timeout: 10_000, interval: 20 } },
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...onStack,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 30_000,
          expect: { poll: { timeout: 10_000, interval: 20 } },
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...onStack,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          expect: { poll: { timeout: 60_000, interval: 100 } },
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...onStack,
          name: 'scenarios',
          include: ['test/scenarios/**/*.test.ts'],
          testTimeout: 120_000,
          expect: { poll: { timeout: 60_000, interval: 100 } },
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...onStack,
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          exclude: ['test/faults/**/*.unit.test.ts', MEASURING],
          testTimeout: 300_000,
          expect: { poll: { timeout: 120_000, interval: 200 } },
          // After the others, as they load the machine by themselves.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...onStack,
          name: 'hostile',
          include: [MEASURING],
          testTimeout: 300_000,
          // Alone on the machine: it compares how long hostile and harmless input take.
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
