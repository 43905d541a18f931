import { type LogEntry, logLevel } from 'kafkajs';
import { hostOf } from './broker-address.ts';
import { DISPOSED } from './disposable-sockets.ts';

/** Where the package logs to; a pino logger fits. */
export interface KafkaLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A log for a reader that joins a group for one read: writes info messages at debug level. */
export function withoutInfo(log: KafkaLog): KafkaLog {
  return {
    debug: (fields, message) => {
      log.debug(fields, message);
    },
    info: (fields, message) => {
      log.debug(fields, message);
    },
    warn: (fields, message) => {
      log.warn(fields, message);
    },
    error: (fields, message) => {
      log.error(fields, message);
    },
  };
}

type Level = keyof KafkaLog;

/** The only fields that are logged: others may contain messages, metadata of members or credentials. */
const FIELDS = [
  'broker',
  'clientId',
  'groupId',
  'topic',
  'partition',
  'apiName',
  'retryCount',
  'retryTime',
  'generationId',
  'transactionalId',
  'duration',
] as const;

/** Normal events that kafkajs logs as errors. */
const ORDINARY = [
  // CONCURRENT_TRANSACTIONS: the markers of the previous transaction are still being written.
  'another concurrent operation on the same transaction',
  'The group is rebalancing',
  'Specified group generation id is not valid',
  'The coordinator is not aware of this member',
  DISPOSED,
  // While brokers start or a coordinator moves; the caller tries again.
  'The group coordinator is not available',
  'This is not the correct coordinator for this group',
  'The coordinator is loading',
  // Each pause and resume.
  'fetching from',
];
/** The part that needs the connection logs this again, with the next try. */
const REPEATED = 'Connection error: ';
/** kafkajs logs these at debug level, but fetches nothing meanwhile. */
const SERIOUS = ['Error while scheduling fetch manager'];

/** A log creator for kafkajs that writes known fields to `log`, with levels by what an entry means for us. */
export function createLogCreator(log: KafkaLog): () => (entry: LogEntry) => void {
  return () => (entry) => {
    const text = `${entry.log.message} ${textOf(entry.log['error'])}`;
    const level = levelOf(entry.level, text);
    if (level === undefined) return;
    log[level]({ ...fieldsOf(entry), part: entry.namespace }, `kafkajs: ${entry.log.message}`);
  };
}

/** Undefined: not logged. kafkajs has one or more debug entries for each request. */
function levelOf(level: logLevel, text: string): Level | undefined {
  if (level === logLevel.DEBUG) {
    return SERIOUS.some((part) => text.includes(part)) ? 'warn' : undefined;
  }
  if (text.startsWith(REPEATED) || ORDINARY.some((part) => text.includes(part))) return 'debug';
  if (level === logLevel.ERROR) return 'error';
  return level === logLevel.WARN ? 'warn' : 'info';
}

function fieldsOf(entry: LogEntry): Record<string, unknown> {
  const known = FIELDS.flatMap((field) => {
    const value: unknown = entry.log[field];
    const shown = typeof value === 'string' ? hostOf(value) : value;
    return typeof shown === 'string' || typeof shown === 'number' ? [[field, shown] as const] : [];
  });
  const cause = textOf(entry.log['error']);
  return Object.fromEntries(cause === '' ? known : [...known, ['cause', cause]]);
}

function textOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : '';
}
