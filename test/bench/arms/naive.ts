import type { Arm } from './arm.ts';
import { openServiceArm } from './services.ts';

/** The usual consumer: `eachMessage`, one event per transaction. */
export const naive: Arm = {
  name: 'A',
  what: 'naive',
  isNumbered: true,
  open: (system) => openServiceArm(system, { script: 'test/bench/arms/naive-service.ts' }),
};
