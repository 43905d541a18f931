import {
  DEFAULT_TOPIC_NAMES,
  type InputTopic,
  type OutputTopic,
} from '../../packages/contracts/src/topics.ts';

/** What a topic carries. */
export interface TopicContract {
  readonly topic: InputTopic | OutputTopic;
  /** Seen from Latchkey. */
  readonly direction: 'in' | 'out';
  /** Types of its events or effects; each has a schema in the file `<type>.json`. */
  readonly types: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

const KEYS: Readonly<Record<TopicContract['topic'], string>> = {
  'workforce-events': 'external id of the person',
  'verification-events': 'verification id',
  lifecycle: 'identity id',
  access: 'identity id',
  verifications: 'verification id',
  reviews: 'review id',
  'dead-letters': 'dead letter id',
};

const HOW_EVENTS_COME =
  'CloudEvents 1.0 in binary mode as described here, or in structured mode: content-type application/cloudevents+json, the attributes and `data` as members of one JSON object.';
const HOW_EFFECTS_GO =
  'CloudEvents 1.0 in binary mode. Read committed; keep the highest generation of each object and ignore what is not higher.';

const text = { type: 'string' };
const decimal = { type: 'string', pattern: '^[1-9][0-9]*$' };

/** The AsyncAPI 3.0 document of these topics; schemas of data are referred to by file name. */
export function asyncApi(topics: readonly TopicContract[], envelope: Json): Json {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Latchkey',
      version: '1.0.0',
      description: 'Topics that Latchkey reads and writes. Every name can be configured.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(topics.map((topic) => [topic.topic, channelOf(topic)])),
    operations: Object.fromEntries(topics.map((topic) => [topic.topic, operationOf(topic)])),
    components: {
      schemas: {
        eventHeaders: schemaObject(eventHeaders(envelope)),
        effectHeaders: schemaObject(effectHeaders),
      },
      messages: Object.fromEntries(
        topics.flatMap((topic) => topic.types.map((type) => [type, messageOf(type, topic)])),
      ),
    },
  };
}

function channelOf({ topic, types }: TopicContract): Json {
  const messages = types.map((type) => [type, { $ref: `#/components/messages/${type}` }]);
  return { address: DEFAULT_TOPIC_NAMES[topic], messages: Object.fromEntries(messages) };
}

function operationOf({ topic, direction }: TopicContract): Json {
  const action = direction === 'in' ? 'receive' : 'send';
  return { action, channel: { $ref: `#/channels/${topic}` } };
}

function messageOf(type: string, { topic, direction }: TopicContract): Json {
  const headers = direction === 'in' ? 'eventHeaders' : 'effectHeaders';
  return {
    name: type,
    description: direction === 'in' ? HOW_EVENTS_COME : HOW_EFFECTS_GO,
    contentType: 'application/json',
    headers: { $ref: `#/components/schemas/${headers}` },
    payload: schemaObject({ $ref: `./${type}.json` }),
    bindings: { kafka: { key: { ...text, description: KEYS[topic] }, bindingVersion: '0.5.0' } },
  };
}

function schemaObject(schema: Json): Json {
  return { schemaFormat: 'application/schema+json;version=draft-07', schema };
}

/** The attributes as headers of binary mode, where the content type replaces `datacontenttype`. */
function eventHeaders({ properties, required }: Json): Json {
  const attributes = Object.entries(properties as Json).filter(
    ([name]) => name !== 'datacontenttype',
  );
  return {
    type: 'object',
    properties: {
      'content-type': text,
      ...Object.fromEntries(attributes.map(([name, schema]) => [`ce_${name}`, schema])),
      traceparent: text,
      tracestate: text,
    },
    required: (required as readonly string[]).map((name) => `ce_${name}`),
  };
}

const effectHeaders: Json = {
  type: 'object',
  properties: {
    'content-type': { const: 'application/json' },
    ce_specversion: { const: '1.0' },
    ce_id: { type: 'string', format: 'uuid' },
    ce_source: text,
    ce_type: text,
    ce_subject: text,
    ce_time: { type: 'string', format: 'date-time' },
    lk_position: {
      ...decimal,
      description:
        'one higher than that of the message before it in the partition; the first is 1, or higher in a topic that was made again after the outbox had forgotten its beginning',
    },
    lk_generation: { ...decimal, description: 'below 2^53' },
    traceparent: text,
    tracestate: text,
  },
  required: ['content-type', 'ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'lk_position'],
};
