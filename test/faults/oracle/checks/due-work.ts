import type { Check } from '../observations.ts';

/** A reconciler looks for due work four times a second. */
const OVERDUE_MAX_SECONDS = 30;

/** Work that is due and that nothing brings back: parked without due work, or due work that no process tries again. */
export const dueWork: Check = ({ evidence }) => [
  ...evidence.abandoned.map(({ identityId }) => `identity ${identityId} is parked for ever`),
  ...evidence.dueWork
    .filter(({ overdueSeconds }) => overdueSeconds > OVERDUE_MAX_SECONDS)
    .map(({ kind, itemId }) => `${kind} ${itemId} is not tried again`),
  ...evidence.dueWork
    .filter(({ isForgotten }) => isForgotten)
    .map(({ kind, itemId }) => `${kind} ${itemId} is not tried by the policy at work`),
];
