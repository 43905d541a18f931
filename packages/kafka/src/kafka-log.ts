import { type LogEntry, logLevel } from 'kafkajs';
import { hostOf } from './broker-address.ts';
import { THROWN_AWAY } from './disposable-sockets.ts';

/** Where the package logs to; a pino logger fits. */
export interface KafkaLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The log of a reader that joins and leaves a group for one read: what kafkajs tells at info level becomes debug. */
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

/** The only fields that are handed on: others may hold messages, metadata of members or credentials. */
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

/** What kafkajs calls an error and is the daily course of things. */
const ORDINARY = [
  // CONCURRENT_TRANSACTIONS: the markers of the transaction before are still being written.
  'another concurrent operation on the same transaction',
  'The group is rebalancing',
  'Specified group generation id is not valid',
  'The coordinator is not aware of this member',
  THROWN_AWAY,
  // While brokers start or a coordinator moves; whoever needs it tries again.
  'The group coordinator is not available',
  'This is not the correct coordinator for this group',
  'The coordinator is loading',
  // Each pause and resume, and there are many.
  'fetching from',
];
/** Said again, with what is tried next, by the part that wanted the connection. */
const REPEATED = 'Connection error: ';
/** What kafkajs calls a detail, although nothing is read while it lasts. */
const SERIOUS = ['Error while scheduling fetch manager'];

/** kafkajs' log creator that writes to `log`: only known fields, levels by what it means for us. */
export function logCreatorOf(log: KafkaLog): () => (entry: LogEntry) => void {
  return () => (entry) => {
    const text = `${entry.log.message} ${textOf(entry.log['error'])}`;
    const level = levelOf(entry.level, text);
    if (level === undefined) return;
    log[level]({ ...fieldsOf(entry), part: entry.namespace }, `kafkajs: ${entry.log.message}`);
  };
}

/** Undefined for kafkajs' debug lines, one or more for each request: not even built unless they are serious. */
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
