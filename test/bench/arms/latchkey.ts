import type { Arm } from './arm.ts';
import { openServiceArm } from './services.ts';

/** One reconciler and one relay with default settings. */
export const latchkey: Arm = {
  name: 'C',
  what: 'Latchkey',
  isNumbered: true,
  open: (system) => openServiceArm(system),
};
