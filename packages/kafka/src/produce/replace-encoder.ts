import { requirePinned } from '../require-pinned.ts';
import { EncodedRecords } from './encoded-records.ts';
import { encodeProduce, type ProduceRequest } from './produce-request.ts';

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

let isReplaced = false;

/**
 * From now on every producer of this process encodes `EncodedRecords` with our encoder; lists of messages go to kafkajs'
 * own. kafkajs makes some fifty buffers of each message. May be called again.
 *
 * @throws Error when another version of kafkajs is installed
 */
export function replaceEncoder(): void {
  if (isReplaced) return;
  isReplaced = true;
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
