import { addPartitionsOnce } from './add-partitions-once.ts';
import { keepCoordinators } from './keep-coordinators.ts';
import { keepDenials } from './keep-denials.ts';
import { keepMembership } from './keep-membership.ts';
import { listUncommittedEnds } from './list-uncommitted-ends.ts';
import { registerCodecs } from './register-codecs.ts';
import { replaceDecoder } from './replace-decoder.ts';
import { replaceEncoder } from './replace-encoder.ts';
import type { KAFKAJS_VERSION } from './require-pinned.ts';
import { silenceTimerWarnings } from './silence-timer-warnings.ts';
import { stopIdleTimers } from './stop-idle-timers.ts';

interface Patch {
  /** Also the name of its file. */
  readonly name: string;
  /** Another pinned version does not compile until each patch was compared with it. */
  readonly version: typeof KAFKAJS_VERSION;
  readonly replaces: string;
  readonly why: string;
  readonly install: () => void;
}

/** Every override of kafkajs. All of them apply to the whole process. */
export const PATCHES = [
  {
    name: 'replace-decoder',
    version: '2.2.4',
    replaces: 'protocol/requests/fetch/v11/response: decode',
    why: 'The decoder copies headers quadratically, confuses interleaved aborted transactions, fails on batches of more than 120,000 records, and lets one bad batch stop all partitions of a broker.',
    install: replaceDecoder,
  },
  {
    name: 'replace-encoder',
    version: '2.2.4',
    replaces: 'protocol/requests/produce: protocol, from version 3, for EncodedRecords only',
    why: 'The encoder makes some fifty buffers for each message.',
    install: replaceEncoder,
  },
  {
    name: 'register-codecs',
    version: '2.2.4',
    replaces: 'CompressionCodecs (public): gzip, Snappy, LZ4, ZSTD',
    why: 'kafkajs has gzip only, and no limit on what a batch decompresses to.',
    install: registerCodecs,
  },
  {
    name: 'add-partitions-once',
    version: '2.2.4',
    replaces: 'broker: addPartitionsToTxn',
    why: 'A transaction sends one AddPartitionsToTxn request for each partition instead of one for all.',
    install: addPartitionsOnce,
  },
  {
    name: 'keep-coordinators',
    version: '2.2.4',
    replaces:
      'cluster: findGroupCoordinator; broker: initProducerId, addPartitionsToTxn, addOffsetsToTxn, txnOffsetCommit, endTxn',
    why: 'A producer looks up the coordinator before every request to it: seven times in a transaction over four partitions.',
    install: keepCoordinators,
  },
  {
    name: 'keep-denials',
    version: '2.2.4',
    replaces: 'broker: findGroupCoordinator; cluster: findGroupCoordinatorMetadata',
    why: 'A lookup of a coordinator drops the reply of the brokers, so a missing right looks like a cluster that has just started.',
    install: keepDenials,
  },
  {
    name: 'keep-membership',
    version: '2.2.4',
    replaces: 'consumer/consumerGroup: connect, joinAndSync, leave',
    why: 'A consumer that kafkajs restarts joins as a new member, and the group waits for the session of the old one to time out.',
    install: keepMembership,
  },
  {
    name: 'list-uncommitted-ends',
    version: '2.2.4',
    replaces: 'protocol/requests/listOffsets: protocol, inside withUncommittedEnds only',
    why: 'The admin client reads the last stable offset only; lag and deadlines need the high watermark.',
    install: listUncommittedEnds,
  },
  {
    name: 'stop-idle-timers',
    version: '2.2.4',
    replaces: 'network/requestQueue: scheduleCheckPendingRequests',
    why: 'Every connection checks for waiting requests each millisecond, even if none was ever sent: a twenty-fifth of a core for a producer with a consumer.',
    install: stopIdleTimers,
  },
  {
    name: 'silence-timer-warnings',
    version: '2.2.4',
    replaces: 'process.emitWarning, for TimeoutNegativeWarning only',
    why: 'kafkajs sets timers into the past, and Node prints a warning for each.',
    install: silenceTimerWarnings,
  },
] as const satisfies readonly Patch[];

export type PatchName = (typeof PATCHES)[number]['name'];

const ALL: readonly PatchName[] = PATCHES.map(({ name }) => name);
const installed = new Set<PatchName>();

/**
 * Installs the patches for the whole process. May be called again. A process calls it once, before it opens a client.
 *
 * @param names - all patches if left out
 * @throws Error when another version of kafkajs is installed than the patches were written for
 */
export function installKafkajsPatches(names = ALL): void {
  for (const { name, install } of PATCHES) {
    if (installed.has(name) || !names.includes(name)) continue;
    install();
    installed.add(name);
  }
}

/** @throws Error when one of the patches is not installed */
export function requirePatches(names = ALL): void {
  const missing = names.filter((name) => !installed.has(name));
  if (missing.length === 0) return;
  throw new Error(
    `kafkajs is not patched (${missing.join(', ')}): call installKafkajsPatches() before a client is opened`,
  );
}
