import type { Read } from '@latchkey/contracts';
import type { Tx } from '@latchkey/postgres';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ClaimResult, claim } from './claim.ts';
import type { ReadDelivery } from './delivery.ts';

/** A delivery: which event, which of its contents, and whether it breaks its contract. */
interface Drawn {
  readonly id: string;
  readonly content: number;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  id: fc.constantFrom('e1', 'e2', 'e3'),
  content: fc.integer({ min: 0, max: 3 }),
});

/** Contents with odd numbers are refused, and claim their id. */
function readOf({ id: eventId, content }: Drawn): Read {
  const claimed = { eventId, fingerprint: Buffer.alloc(32, content), timeMs: 0 };
  if (content % 2 === 0) {
    return { kind: 'event', event: { ...claimed, source: 's' } as never };
  }
  const rejection = { code: 'CONTRACT_BROKEN', field: undefined, cause: 'test' } as const;
  return { kind: 'rejected', rejection, claim: claimed, eventId, source: 's', type: 't' };
}

function deliveryOf(one: Drawn, index: number): ReadDelivery {
  const offset = BigInt(index);
  return {
    delivery: { takenAtMs: 0, key: null, value: null, headers: [] },
    origin: { kind: 'kafka', topic: 't', partition: 0, epoch: 0, offset },
    read: readOf(one),
  };
}

/** A transaction on an inbox in memory, by event id. */
function openTx(inbox: Map<string, Buffer>): Tx {
  const answers: Readonly<Record<string, (ids: string[], prints: string[]) => unknown[]>> = {
    insert_claims: (ids, prints) =>
      ids.flatMap((id, index) => {
        if (inbox.has(id)) return [];
        inbox.set(id, Buffer.from(prints[index] ?? '', 'hex'));
        return [{ event_id: id }];
      }),
    list_claims: (ids) =>
      ids.map((eventId) => ({ eventId, fingerprint: inbox.get(eventId), outcome: `"${eventId}"` })),
  };
  return {
    run: (statement, parameters) => {
      const { eventId, fingerprint } = parameters as { eventId: string; fingerprint: string };
      const answer = answers[statement.name];
      if (answer === undefined) throw new RangeError(`unexpected: ${statement.name}`);
      const split = (column: string): string[] => column.split('\u001f');
      return Promise.resolve(answer(split(eventId), split(fingerprint)) as never[]);
    },
    finally: () => undefined,
  };
}

const TIMES = { nowMs: 1_000, retainedSinceMs: null, retention: 'record' } as const;

/** The expected results of transactions: the first content of an id claims it. */
function expected(transactions: readonly (readonly Drawn[])[]): readonly (readonly string[])[] {
  const inbox = new Map<string, number>();
  return transactions.map((deliveries) => {
    const firsts = new Map<string, number>();
    const before = new Map(inbox);
    return deliveries.map(({ id, content }, index) => {
      const known = inbox.get(id);
      if (known === undefined) {
        inbox.set(id, content);
        firsts.set(id, index);
        return content % 2 === 0 ? `claimed ${id}` : `refused ${id}`;
      }
      if (known !== content) return `conflict ${id} ${content}`;
      return before.has(id) ? `duplicate "${id}"` : `repeated ${firsts.get(id)}`;
    });
  });
}

function shortOf(result: ClaimResult): string {
  switch (result.kind) {
    case 'claimed':
      return `claimed ${result.event.eventId}`;
    case 'refused':
      return `refused ${result.claimed}`;
    case 'duplicate':
      return `duplicate ${result.answer}`;
    case 'repeated':
      return `repeated ${result.first}`;
    case 'conflict':
      return `conflict ${result.eventId} ${result.fingerprint[0]}`;
  }
}

test('the first delivery of an id claims it; the same content repeats it, other content is a conflict', async () => {
  const transactions = fc.array(fc.array(drawn, { minLength: 1, maxLength: 8 }), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(transactions, async (all) => {
      const inbox = new Map<string, Buffer>();
      const results: string[][] = [];
      for (const one of all) {
        const claimed = await claim(openTx(inbox), one.map(deliveryOf), TIMES);
        results.push(claimed.map(shortOf));
      }
      expect(results).toEqual(expected(all));
    }),
  );
});

test('in any order of the same deliveries, each id is claimed once', async () => {
  const orders = fc
    .array(drawn, { minLength: 1, maxLength: 8 })
    .chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
      ),
    );
  await fc.assert(
    fc.asyncProperty(orders, async ([one, other]) => {
      const owned = async (deliveries: readonly Drawn[]): Promise<readonly string[]> => {
        const inbox = new Map<string, Buffer>();
        const results = await claim(openTx(inbox), deliveries.map(deliveryOf), TIMES);
        const own = results.filter(
          (result) => result.kind === 'claimed' || result.kind === 'refused',
        );
        expect(own).toHaveLength(inbox.size);
        return [...inbox.keys()].toSorted();
      };
      expect(await owned(one)).toEqual(await owned(other));
    }),
  );
});
