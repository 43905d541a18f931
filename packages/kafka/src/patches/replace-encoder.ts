import { EncodedRecords } from '../protocol/encoded-records.ts';
import { encodeProduce, type ProduceRequest } from '../protocol/produce-request.ts';
import { requirePinned } from './require-pinned.ts';

/** The first version with record batches. */
const FIRST_VERSION = 3;

interface Built {
  readonly request: object;
  readonly response: unknown;
}
type Build = (request: ProduceRequest) => Built;

interface Protocol {
  protocol: (of: { readonly version: number }) => Build;
}

/** Every producer of this process then encodes `EncodedRecords` with our encoder, and lists of messages with kafkajs'. */
export function replaceEncoder(): void {
  // kafkajs calls it as a member of what this module exports, so it does not matter who loaded it first.
  const produce = requirePinned('src/protocol/requests/produce/index.js') as Protocol;
  const original = produce.protocol;
  produce.protocol = ({ version }) => {
    const build = original({ version });
    if (version < FIRST_VERSION) return build;
    return (request) => {
      const built = build(request);
      if (!isEncoded(request)) return built;
      const encode = () => Promise.resolve(encodeProduce(request));
      return { request: { ...built.request, encode }, response: built.response };
    };
  };
}

function isEncoded({ topicData }: ProduceRequest): boolean {
  return topicData.every(({ partitions }) =>
    partitions.every(({ messages }) => messages instanceof EncodedRecords),
  );
}
