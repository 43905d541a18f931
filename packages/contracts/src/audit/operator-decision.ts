import { z } from 'zod';
import { name } from '../effects/fields.ts';
import { oneOf } from '../events/fields.ts';
import { count, decimal } from './fields.ts';

const epoch = z.int().min(0);

/** Every decision of an operator's command. */
export const operatorDecisions = [
  z.object({
    kind: z.literal('redrive'),
    disposition: oneOf(['applied', 'duplicate', 'dead_letter']),
  }),
  // A stopped input partition continues at `nextOffset`. What is below `giveUpBefore` becomes dead letters.
  z.object({
    kind: z.literal('progress_accepted'),
    finding: name,
    found: name.nullable(),
    position: decimal,
    nextOffset: decimal,
    giveUpBefore: decimal.optional(),
  }),
  // Due work of the subject that failed is tried again at once.
  z.object({ kind: z.literal('work_retried'), work: name }),
  // The state of `object` is published again, as it is, with a generation of the epoch.
  z.object({
    kind: z.literal('stated_again'),
    type: name,
    object: name,
    epoch,
    generation: decimal,
  }),
  z.object({ kind: z.literal('epoch_raised'), from: epoch, to: epoch }),
  // Of one output partition. `common`: the last position that the database and Kafka agree on.
  z.object({
    kind: z.literal('rebased'),
    common: decimal,
    published: decimal,
    partition: count,
    dropped: count,
    renumbered: count,
    accounts: count,
    unknownAccounts: count,
    reviews: count,
  }),
  z.object({ kind: z.literal('repartitioned'), partitions: z.int().min(1), moved: count }),
  z.object({ kind: z.literal('replay_begun'), partition: count, from: decimal }),
  z.object({ kind: z.literal('replayed'), partition: count, from: decimal }),
] as const;
