/**
 * Whether what failed may be tried again. `retry_safe`: as it is, nothing was done and time alone can remove the cause.
 * `retry_with_review`: after an operator has checked or corrected something. `do_not_retry`: never, the same attempt
 * fails again; the sender or the operator has to send or ask something else.
 */
export type RetryClass = 'retry_safe' | 'retry_with_review' | 'do_not_retry';

/** What is known about a code: what happened, what an operator does about it, and whether it may be tried again. */
interface FailureEntry {
  readonly retryClass: RetryClass;
  readonly meaning: string;
  readonly nextStep: string;
}

/** The one table of failure codes. docs/operations.md is checked against it. */
export const FAILURES = {
  EMPTY_VALUE: {
    meaning: 'the delivery has no value (a tombstone) or an empty one',
    nextStep: 'ask the sender to stop: input topics carry events, and deleting is an event too',
    retryClass: 'do_not_retry',
  },
  TOO_LARGE: {
    meaning: 'the value, the key or the headers exceed their limit',
    nextStep: 'ask the sender to split or shorten the event; redriving changes nothing',
    retryClass: 'do_not_retry',
  },
  TOO_DEEP: {
    meaning: 'the value is nested deeper than the limit',
    nextStep: 'ask the sender to flatten the event; redriving changes nothing',
    retryClass: 'do_not_retry',
  },
  NOT_UTF8: {
    meaning: 'the value or a CloudEvents header is not UTF-8',
    nextStep: 'ask the sender to encode in UTF-8 and to send the event again under the same id',
    retryClass: 'do_not_retry',
  },
  NOT_JSON: {
    meaning: 'the value is not one JSON text with each member name once in its object',
    nextStep: 'check the raw bytes; ask the sender to repair its serialiser and send again',
    retryClass: 'do_not_retry',
  },
  NOT_CLOUDEVENTS: {
    meaning: 'the envelope breaks CloudEvents 1.0 or our rules for its attributes',
    nextStep: 'tell the sender the field and what was expected; it sends again under the same id',
    retryClass: 'do_not_retry',
  },
  TYPE_UNKNOWN: {
    meaning: 'no event type of this version has that name',
    nextStep: 'if a newer version knows the type, upgrade and redrive; else tell the sender',
    retryClass: 'retry_with_review',
  },
  SOURCE_NOT_ALLOWED: {
    meaning:
      'the source is unknown, on the wrong topic, or may not send this type or about this person',
    nextStep:
      'if it is legitimate, register it in the policy and redrive; else treat it as an incident',
    retryClass: 'retry_with_review',
  },
  CONTRACT_BROKEN: {
    meaning: 'the data of the event breaks the contract of its type',
    nextStep: 'tell the sender the field and what was expected; it sends again under a new id',
    retryClass: 'do_not_retry',
  },
  TIME_AHEAD: {
    meaning: "the event's time is more than five minutes ahead of the database's clock",
    nextStep: "check the sender's clock and the database's; redrive once that time has passed",
    retryClass: 'retry_with_review',
  },
  TOO_OLD: {
    meaning:
      'the broker stamped the delivery before the time from which the inbox keeps events, so a duplicate could not be recognised',
    nextStep: 'find out whether it was applied at the time; if not, ask the sender for a new event',
    retryClass: 'do_not_retry',
  },
  APPLY_FAILED: {
    meaning:
      'storing this one event failed with an error of its data, or deciding a verification event',
    nextStep: 'check the cause; correct the software or the policy, then redrive',
    retryClass: 'retry_with_review',
  },
  APPLY_FAILING: {
    meaning: 'several events in a row could not be applied, so the partition stopped',
    nextStep:
      'read the causes of its last dead letters; correct the fault, then `progress accept`, with `--give-up` if the events are at fault',
    retryClass: 'retry_with_review',
  },
  LOG_STARTS_AFTER: {
    meaning: 'the topic begins after our position: events were deleted before they were read',
    nextStep: 'have the senders repeat what was lost, then `progress accept` for the partition',
    retryClass: 'retry_with_review',
  },
  LOG_ENDS_BEFORE: {
    meaning: 'the topic ends before our position: it was recreated or lost its end',
    nextStep: 'find out what happened to the topic, then `progress accept` for the partition',
    retryClass: 'retry_with_review',
  },
  LOG_DIFFERS: {
    meaning: 'the record at our position is not the one that was read: another topic or cluster',
    nextStep: 'check the brokers that the service is connected to, then `progress accept`',
    retryClass: 'retry_with_review',
  },
  BATCH_UNREADABLE: {
    meaning:
      'a record batch cannot be decoded: corrupt, a decompression bomb, or in an unknown compression',
    nextStep:
      'have the senders repeat what it contained, then `progress accept` with `--from` the offset after it',
    retryClass: 'retry_with_review',
  },
  /** Reserved: nothing throws it. The code is part of the published contracts. */
  POSITION_AHEAD: {
    meaning: 'a batch begins after the position in the database',
    nextStep:
      'none if the next batch is processed; else restart the reconciler and report the fault',
    retryClass: 'retry_safe',
  },
  CONFIG_INVALID: {
    meaning: 'settings are missing or malformed',
    nextStep: 'correct every setting that the message lists; `--help` prints them all',
    retryClass: 'do_not_retry',
  },
  USAGE_INVALID: {
    meaning: 'arguments of the command are missing or not understood',
    nextStep:
      'correct every argument that the message lists; `--help` shows what the command accepts',
    retryClass: 'do_not_retry',
  },
  POLICY_INVALID: {
    meaning: 'the policy file is refused',
    nextStep: 'correct every line that the message lists; services run only with a valid policy',
    retryClass: 'do_not_retry',
  },
  RELAY_ANCHOR_DIFFERS: {
    meaning:
      'the outbox row at the published position is not the message at that position in Kafka',
    nextStep:
      'find out which side was restored: `relay rebase` if the database, `relay replay --topic` if Kafka',
    retryClass: 'retry_with_review',
  },
  RELAY_TOPIC_SHORTER: {
    meaning: 'the output topic ends before the position that was published',
    nextStep: 'the topic lost messages or was recreated: `relay replay` from where it ends',
    retryClass: 'retry_with_review',
  },
  RELAY_POSITION_BEHIND: {
    meaning: "Kafka's published position is behind the database's",
    nextStep: 'Kafka lost commits: `relay replay` from its position',
    retryClass: 'retry_with_review',
  },
  RELAY_CLUSTER_CHANGED: {
    meaning: 'the brokers belong to another cluster than the one that was published to',
    nextStep: 'correct KAFKA_BROKERS; if the move was intended: `relay replay`',
    retryClass: 'retry_with_review',
  },
  RELAY_INSTALLATION_DIFFERS: {
    meaning: 'another installation publishes the output topic: its id is stored with the position',
    nextStep:
      'give each installation its own topics; to replace the other one permanently: `relay rebase --take-over`',
    retryClass: 'retry_with_review',
  },
  RELAY_ROW_MISSING: {
    meaning: 'a position of the outbox is missing, or its anchor row is',
    nextStep: 'the database was restored or rows were deleted by hand: `relay rebase`',
    retryClass: 'retry_with_review',
  },
  RELAY_HOLDS_TOPIC: {
    meaning: 'a relay is publishing the output topic and does not release it',
    nextStep: 'stop the relays, or wait until they refuse the topic; then run the command again',
    retryClass: 'retry_safe',
  },
  OUTBOX_NOT_KEPT: {
    meaning:
      'the outbox does not contain the messages from that position on: its retention has deleted them, or an earlier rebase has left them out',
    nextStep:
      '`relay replay` with `--from earliest` (all that it contains) or `--from latest`, then `relay rebase --all` to publish everything again',
    retryClass: 'do_not_retry',
  },
  LOG_TRIMMED: {
    meaning: 'the retention of an output topic has deleted messages while they were read',
    nextStep:
      'run the command again; if it fails again, raise the retention.ms of the topic until it is done',
    retryClass: 'retry_safe',
  },
  OUTBOX_NOT_DRAINED: {
    meaning: 'messages of the output topics are not published yet',
    nextStep: 'let a relay publish them, then run the command again',
    retryClass: 'retry_safe',
  },
  NOT_FOUND: {
    meaning: 'the command names something that does not exist',
    nextStep: 'find out what exists with the `list`, `show` and `status` commands',
    retryClass: 'do_not_retry',
  },
  INPUTS_LAG: {
    meaning: 'the input topics contain events that are not processed yet',
    nextStep:
      'wait until reconcilers have caught up (`status`), then run the command again; `--now` does not wait, and changes that are decided again later are published twice',
    retryClass: 'retry_safe',
  },
  PARTITION_NOT_STOPPED: {
    meaning: 'the input partition is not stopped, so there is nothing to accept',
    nextStep: 'none; `progress show` lists the partitions and what was found in them',
    retryClass: 'do_not_retry',
  },
  FINDING_DIFFERS: {
    meaning: 'the finding in the partition is not the one that was named',
    nextStep: 'check the current finding with `progress show`, and accept that one',
    retryClass: 'retry_with_review',
  },
  DATABASE_UNREACHABLE: {
    meaning: 'the database cannot be reached, or does not let this login in',
    nextStep:
      'correct DATABASE_URL or what the reason names, or start the server; then run the command again',
    retryClass: 'retry_with_review',
  },
  MESSAGE_TOO_LARGE: {
    meaning: 'the broker refuses a single message for its size; its lane waits',
    nextStep: "raise the topic's max.message.bytes; the lane continues by itself",
    retryClass: 'retry_with_review',
  },
  PARTITION_COUNT_DIFFERS: {
    meaning: 'a topic has another number of partitions than the database recorded',
    nextStep:
      'restore the number that was recorded; an output topic is changed by `relay repartition`',
    retryClass: 'retry_with_review',
  },
  TOPIC_SETTING: {
    meaning: 'a topic is missing or has a setting that breaks a guarantee',
    nextStep: 'correct the setting that the message names, then start the service again',
    retryClass: 'retry_with_review',
  },
  TIMESTAMP_TYPE: {
    meaning: 'a topic whose deadlines count by the broker is not LogAppendTime',
    nextStep: 'set message.timestamp.type=LogAppendTime on the topic, then start the service again',
    retryClass: 'retry_with_review',
  },
  SCHEMA_OLD: {
    meaning: 'the database lacks migrations of this version',
    nextStep: 'run `npm run migrate`, then start the service again',
    retryClass: 'retry_with_review',
  },
  DATABASE_SESSION: {
    meaning: 'a connection to the database loses its session settings',
    nextStep:
      'connect without a pooler, or through one in session mode; correct what the message lists',
    retryClass: 'retry_with_review',
  },
  STACK_UNAVAILABLE: {
    meaning: 'no database or broker was found and none could be started here',
    nextStep: 'set DATABASE_URL and KAFKA_BROKERS, or install Docker, or Java 17 with Maven',
    retryClass: 'retry_with_review',
  },
} as const satisfies Record<string, FailureEntry>;

export type FailureCode = keyof typeof FAILURES;

/** What a delivery can be given up for. */
export const DEAD_LETTER_CODES = [
  'EMPTY_VALUE',
  'TOO_LARGE',
  'TOO_DEEP',
  'NOT_UTF8',
  'NOT_JSON',
  'NOT_CLOUDEVENTS',
  'TYPE_UNKNOWN',
  'SOURCE_NOT_ALLOWED',
  'CONTRACT_BROKEN',
  'TIME_AHEAD',
  'TOO_OLD',
  'APPLY_FAILED',
] as const satisfies readonly FailureCode[];
export type DeadLetterCode = (typeof DEAD_LETTER_CODES)[number];

/** A named failure that an operator can act on. `details` never holds secrets or personal data. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: FailureCode,
    details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(`${code}: ${FAILURES[code].meaning}`, options);
    this.code = code;
    this.details = details;
  }

  get retryClass(): RetryClass {
    return FAILURES[this.code].retryClass;
  }
}
