import type { Arm } from './arm.ts';
import { openServiceArm } from './services.ts';

/** One reconciler and one relay, as they are, with the settings that they have by themselves. */
export const latchkey: Arm = {
  name: 'C',
  what: 'Latchkey',
  isNumbered: true,
  open: (system) => openServiceArm(system),
};
