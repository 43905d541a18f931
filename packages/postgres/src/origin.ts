/** Where a delivery came from, as `origin` columns contain it: a record of Kafka, or a command of an operator. */
export type DeliveryOrigin = 'kafka' | 'operator';
