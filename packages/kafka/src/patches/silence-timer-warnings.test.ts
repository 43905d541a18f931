import { once } from 'node:events';
import { expect, test } from 'vitest';
import { silenceTimerWarnings } from './silence-timer-warnings.ts';

test("only Node's warning of negative timers is silenced", async () => {
  silenceTimerWarnings();
  const warned = once(process, 'warning') as Promise<[Error]>;
  setTimeout(() => undefined, -5);
  process.emitWarning('by type', 'TimeoutNegativeWarning');
  process.emitWarning('by option', { type: 'TimeoutNegativeWarning' });
  process.emitWarning('another', 'OtherWarning');
  expect((await warned)[0]).toMatchObject({ name: 'OtherWarning', message: 'another' });
});
