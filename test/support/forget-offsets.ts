import { connect } from 'node:net';

const OFFSET_DELETE = 47;
const LIMIT_MS = 10_000;

/**
 * Makes the brokers forget the offsets of a group for one topic, as they do after a week without members
 * (kafkajs does not have the request). Only the group's coordinator accepts it, so every broker is asked.
 */
export async function forgetOffsets(
  brokers: readonly string[],
  groupId: string,
  topic: string,
  partitions: number,
): Promise<void> {
  const request = requestOf(groupId, topic, partitions);
  const codes = await Promise.all(brokers.map((broker) => ask(broker, request)));
  if (!codes.includes(0))
    throw new Error(`no broker has forgotten the offsets: ${codes.join(', ')}`);
}

function requestOf(groupId: string, topic: string, partitions: number): Buffer {
  const body = Buffer.concat([
    int16(OFFSET_DELETE),
    int16(0),
    int32(1),
    text('test'),
    text(groupId),
    int32(1),
    text(topic),
    int32(partitions),
    ...Array.from({ length: partitions }, (_, partition) => int32(partition)),
  ]);
  return Buffer.concat([int32(body.length), body]);
}

/** The error code of the answer as a whole. */
function ask(broker: string, request: Buffer): Promise<number> {
  const [host = '', port = ''] = broker.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), timeout: LIMIT_MS });
    let answer = Buffer.alloc(0);
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (answer.length < 10) return;
      socket.destroy();
      // After the length and the correlation id.
      resolve(answer.readInt16BE(8));
    });
    socket.write(request);
  });
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([int16(bytes.length), bytes]);
}
