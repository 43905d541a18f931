import type { Arm } from './arm.ts';
import { floor } from './floor.ts';
import { latchkey } from './latchkey.ts';
import { naive } from './naive.ts';
import { transactionalOutbox } from './transactional-outbox.ts';

/** In round-robin order. */
export const ARMS: readonly Arm[] = [naive, transactionalOutbox, latchkey, floor];
