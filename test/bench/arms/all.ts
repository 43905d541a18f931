import type { Arm } from './arm.ts';
import { floor } from './floor.ts';
import { latchkey } from './latchkey.ts';
import { naive } from './naive.ts';
import { transactionalOutbox } from './transactional-outbox.ts';

/** In the order in which they take turns. */
export const ARMS: readonly Arm[] = [naive, transactionalOutbox, latchkey, floor];
