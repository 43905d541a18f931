import type { AuditEntryData } from '@latchkey/contracts';

/** Where a delivery came from, as `origin` columns contain it: a record of Kafka, or a command of an operator. */
export type DeliveryOrigin = NonNullable<AuditEntryData['origin']>;
