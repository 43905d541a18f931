/** What may be known of a code: what happened, and what an operator does about it. */
interface FailureEntry {
  readonly meaning: string;
  readonly nextStep: string;
}

/** The one table of failure codes. The operator's documentation is generated from it. */
export const FAILURES = {
  EMPTY_VALUE: {
    meaning: 'the delivery has no value (a tombstone) or an empty one',
    nextStep: 'ask the sender to stop: input topics carry events, and deleting is an event too',
  },
  TOO_LARGE: {
    meaning: 'the value, the key or the headers exceed their limit',
    nextStep: 'ask the sender to split or shorten the event; redriving changes nothing',
  },
  TOO_DEEP: {
    meaning: 'the value is nested deeper than the limit',
    nextStep: 'ask the sender to flatten the event; redriving changes nothing',
  },
  NOT_UTF8: {
    meaning: 'the value or a CloudEvents header is not UTF-8',
    nextStep: 'ask the sender to encode in UTF-8 and to send the event again under the same id',
  },
  NOT_JSON: {
    meaning: 'the value is not one JSON text with each member name once in its object',
    nextStep: 'look at the raw bytes; ask the sender to mend its serialiser and send again',
  },
  NOT_CLOUDEVENTS: {
    meaning: 'the envelope breaks CloudEvents 1.0 or our rules for its attributes',
    nextStep: 'tell the sender the field and what was expected; it sends again under the same id',
  },
  TYPE_UNKNOWN: {
    meaning: 'no event type of this version has that name',
    nextStep: 'if a newer version knows the type, upgrade and redrive; else tell the sender',
  },
  SOURCE_NOT_ALLOWED: {
    meaning:
      'the source is unknown, on the wrong topic, or may not send this type or about this person',
    nextStep:
      'if it is legitimate, register it in the policy and redrive; else treat it as an incident',
  },
  CONTRACT_BROKEN: {
    meaning: 'the data of the event breaks the contract of its type',
    nextStep: 'tell the sender the field and what was expected; it sends again under a new id',
  },
  TIME_AHEAD: {
    meaning: "the event's time lies more than five minutes ahead of the database's clock",
    nextStep: "check the sender's clock and the database's; redrive once that time has passed",
  },
  TOO_OLD: {
    meaning:
      'the broker stamped the delivery before the inbox begins to remember, so that it cannot be told from a duplicate',
    nextStep: 'find out whether it was applied at the time; if not, ask the sender for a new event',
  },
  APPLY_FAILED: {
    meaning: 'deciding or storing this one event failed with an error of its data',
    nextStep: 'look at the cause; after a correction of the software or the policy, redrive',
  },
  APPLY_FAILING: {
    meaning: 'several events in a row could not be applied, so that the partition stopped',
    nextStep:
      'read the causes of its last dead letters; correct the fault, then `progress accept`, with `--give-up` if it is the events',
  },
  LOG_STARTS_AFTER: {
    meaning: 'the topic begins after our position: events were deleted before they were read',
    nextStep: 'have the senders repeat what was lost, then `progress accept` for the partition',
  },
  LOG_ENDS_BEFORE: {
    meaning: 'the topic ends before our position: it was recreated or lost its end',
    nextStep: 'find out what happened to the topic, then `progress accept` for the partition',
  },
  LOG_DIFFERS: {
    meaning: 'the record at our position is not the one that was read: another topic or cluster',
    nextStep: 'check the brokers that the service is connected to, then `progress accept`',
  },
  BATCH_UNREADABLE: {
    meaning: 'a record batch cannot be decoded: corrupt, a bomb, or packed in a way we do not know',
    nextStep:
      'have the senders repeat what it held, then `progress accept` with `--from` the offset behind it',
  },
  POSITION_AHEAD: {
    meaning: 'a batch begins after the position that the database holds',
    nextStep: 'none if the next batch is taken; else restart the reconciler and report the fault',
  },
  CONFIG_INVALID: {
    meaning: 'settings are missing or malformed',
    nextStep: 'correct every setting that the message lists; `--help` prints them all',
  },
  USAGE_INVALID: {
    meaning: 'arguments of the command are missing or not understood',
    nextStep:
      'correct every argument that the message lists; `--help` shows what the command takes',
  },
  POLICY_INVALID: {
    meaning: 'the policy file is refused',
    nextStep:
      'correct every line that the message lists; the services go on only with a valid policy',
  },
  RELAY_ANCHOR_DIFFERS: {
    meaning: 'the outbox row at the published position is not the message that Kafka holds there',
    nextStep:
      'find out which side was restored: `relay rebase` if the database, `relay replay --topic` if Kafka',
  },
  RELAY_TOPIC_SHORTER: {
    meaning: 'the output topic ends before the position that was published',
    nextStep: 'the topic lost messages or was recreated: `relay replay` from where it ends',
  },
  RELAY_POSITION_BEHIND: {
    meaning: "Kafka's published position is behind the database's",
    nextStep: 'Kafka lost commits: `relay replay` from its position',
  },
  RELAY_CLUSTER_CHANGED: {
    meaning: 'the brokers belong to another cluster than the one that was published to',
    nextStep: 'correct KAFKA_BROKERS; if the move was intended: `relay replay`',
  },
  RELAY_INSTALLATION_DIFFERS: {
    meaning: 'another installation publishes the output topic: its id stands with the position',
    nextStep:
      'give each installation topics of its own; to replace the other one for good: `relay rebase --take-over`',
  },
  RELAY_ROW_MISSING: {
    meaning: 'a position of the outbox is missing, or its anchor row is',
    nextStep: 'the database was restored or rows were deleted by hand: `relay rebase`',
  },
  RELAY_HOLDS_TOPIC: {
    meaning: 'a relay publishes the output topic at this moment, and does not let go of it',
    nextStep: 'stop the relays, or wait until they refuse the topic; then run the command again',
  },
  OUTBOX_NOT_KEPT: {
    meaning:
      'the outbox does not hold the messages from that position on: its retention has deleted them, or an earlier rebase has left them out',
    nextStep:
      '`relay replay` with `--from earliest` (all that it holds) or `--from latest`, then `relay rebase --all` so that everything is stated again',
  },
  LOG_TRIMMED: {
    meaning: 'the retention of an output topic has deleted messages while they were read',
    nextStep:
      'run the command again; if it fails so again, raise the retention.ms of the topic until it is done',
  },
  OUTBOX_NOT_DRAINED: {
    meaning: 'messages of the output topics wait to be published',
    nextStep: 'let a relay publish them, then run the command again',
  },
  NOT_FOUND: {
    meaning: 'what the command was asked about is not there',
    nextStep: 'look at what there is with the `list`, `show` and `status` commands',
  },
  INPUTS_LAG: {
    meaning: 'the database has not taken what the input topics hold',
    nextStep:
      'wait until reconcilers have caught up (`status`), then run the command again; `--now` goes on without, and what comes about again later is published twice',
  },
  PARTITION_NOT_STOPPED: {
    meaning: 'the input partition is not stopped, so there is nothing to accept',
    nextStep: 'none; `progress show` lists the partitions and what was found in them',
  },
  FINDING_DIFFERS: {
    meaning: 'something else was found in the partition than the finding that was named',
    nextStep: 'look at what is found now with `progress show`, and accept that',
  },
  DATABASE_UNREACHABLE: {
    meaning: 'the database cannot be reached, or does not let this login in',
    nextStep:
      'correct DATABASE_URL or what the reason names, or start the server; then run the command again',
  },
  MESSAGE_TOO_LARGE: {
    meaning: 'the broker refuses a single message for its size; its lane waits',
    nextStep: "raise the topic's max.message.bytes; the lane goes on by itself",
  },
  PARTITION_COUNT_DIFFERS: {
    meaning: 'a topic has another number of partitions than the database recorded',
    nextStep:
      'restore the number that was recorded; an output topic is changed by `relay repartition`',
  },
  TOPIC_SETTING: {
    meaning: 'a topic is missing or has a setting that breaks a guarantee',
    nextStep: 'correct the setting that the message names, then start the service again',
  },
  TIMESTAMP_TYPE: {
    meaning: 'a topic whose deadlines count by the broker is not LogAppendTime',
    nextStep: 'set message.timestamp.type=LogAppendTime on the topic, then start the service again',
  },
  SCHEMA_OLD: {
    meaning: 'the database has not all migrations of this version',
    nextStep: 'run `npm run migrate`, then start the service again',
  },
  DATABASE_SESSION: {
    meaning: 'a connection to the database does not keep what it was set to',
    nextStep:
      'connect without a pooler, or through one in session mode; correct what the message lists',
  },
  STACK_UNAVAILABLE: {
    meaning: 'no database or broker was found and none could be started here',
    nextStep: 'set DATABASE_URL and KAFKA_BROKERS, or install Docker, or Java 17 with Maven',
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
}
