import { familyOf } from '@latchkey/contracts';
import {
  initializeMessageStorage,
  initializePollingMessageListener,
  type StoredTransactionalMessage,
} from 'pg-transactional-outbox';
import { applyState } from '../../../../packages/intake/src/steps/apply.ts';
import { joinChanges } from '../../../../packages/intake/src/steps/changes.ts';
import { deadLetterChanges } from '../../../../packages/intake/src/steps/dead-letter.ts';
import { processorFor } from '../../../../packages/intake/src/steps/families.ts';
import { messageOf } from '../../../../packages/intake/src/steps/outputs.ts';
import { listenerConfig } from './listener-config.ts';
import { outboxMessages } from './outbox-messages.ts';
import { peerLog } from './peer-log.ts';
import { claimedOf } from './peer-message.ts';
import { peerTransaction } from './peer-transaction.ts';
import { type Inbox, storeDeliveries } from './store-deliveries.ts';

/**
 * Consumes the inputs into its inbox, and handles them with its polling listener. In its transaction, the handler
 * does the work of one of our batches, without position and claim, which its inbox replaces.
 */
export async function openInbox(inbox: Inbox): Promise<AsyncDisposable> {
  const { settings, policy, outputs } = inbox;
  const log = peerLog();
  const store = initializeMessageStorage(listenerConfig('outbox', settings), log);
  await using stack = new AsyncDisposableStack();
  let handled = 0;
  const handle = async (
    message: StoredTransactionalMessage,
    client: Parameters<typeof peerTransaction>[0],
  ): Promise<void> => {
    const { one, result } = claimedOf(message);
    const tx = peerTransaction(client);
    const claimed = result.kind === 'claimed' ? [{ ...one, event: result.event }] : [];
    const family = result.kind === 'claimed' ? familyOf(result.event.type) : 'record';
    const { process } = processorFor(family);
    const { changes, moment } = await process(tx, claimed, { policy, outputs, build: 'bench' });
    const { nowMs } = moment;
    const all = joinChanges([changes, deadLetterChanges([one], [result], nowMs)]);
    const effects = await applyState(tx, { ...all, claims: [] }, nowMs);
    const rows = effects.map((effect) => messageOf(effect, outputs));
    const messages = outboxMessages(rows, inbox.lanes, settings.PEER_OUTBOX_ORDER);
    await Promise.all([tx.flush(), ...messages.map((one) => store(one, client))]);
    handled += 1;
  };
  const config = listenerConfig('inbox', settings);
  const [shutdown] = initializePollingMessageListener(config, { handle }, log);
  stack.defer(shutdown);
  stack.use(await storeDeliveries(inbox, () => handled));
  const owned = stack.move();
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
