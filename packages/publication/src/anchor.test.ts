import { expect, test } from 'vitest';
import {
  anchorOf,
  checkAnchor,
  type LaneEvidence,
  metadataOf,
  readMetadata,
  type TopicEvidence,
} from './anchor.ts';

const ROW = anchorOf({ ceId: 'a', digest: '01' });

function lane(change: Partial<LaneEvidence> = {}): LaneEvidence {
  return {
    lane: 7,
    partition: 0,
    publishedThrough: 5n,
    committed: { position: 5n, anchor: ROW, epoch: 0 },
    missingPositions: 0n,
    rowAnchor: ROW,
    logEnd: 8n,
    ...change,
  };
}

function topic(change: Partial<TopicEvidence> = {}): TopicEvidence {
  return {
    clusterId: 'one',
    recordedClusterId: 'one',
    epoch: 0,
    partitions: 1,
    lanes: [lane()],
    ...change,
  };
}

function refusalOf(evidence: TopicEvidence): string {
  const check = checkAnchor(evidence);
  return check.kind === 'refused' ? check.refusal.code : check.kind;
}

test('a lane goes on behind the position that both sides know', () => {
  expect(checkAnchor(topic())).toEqual({
    kind: 'agreed',
    lanes: [{ lane: 7, partition: 0, position: 5n, anchor: ROW, epoch: 0 }],
    forgotten: false,
  });
});

test('a lane that was never published starts at the beginning', () => {
  const fresh = lane({
    publishedThrough: 0n,
    committed: undefined,
    rowAnchor: undefined,
    logEnd: 0n,
  });

  expect(checkAnchor(topic({ recordedClusterId: undefined, lanes: [fresh] }))).toEqual({
    kind: 'agreed',
    lanes: [{ lane: 7, partition: 0, position: 0n, anchor: '', epoch: 0 }],
    forgotten: false,
  });
});

test("Kafka's position counts where PostgreSQL had not noted it yet", () => {
  const check = checkAnchor(topic({ lanes: [lane({ publishedThrough: 2n })] }));

  expect(check).toMatchObject({ kind: 'agreed', lanes: [{ position: 5n }] });
});

test("PostgreSQL's position counts where Kafka has forgotten its own", () => {
  const check = checkAnchor(topic({ lanes: [lane({ committed: undefined })] }));

  expect(check).toMatchObject({ kind: 'agreed', lanes: [{ position: 5n }], forgotten: true });
});

test.each([
  ['RELAY_CLUSTER_CHANGED', topic({ clusterId: 'two' })],
  ['PARTITION_COUNT_DIFFERS', topic({ partitions: 2 })],
  ['TOPIC_SETTING', topic({ partitions: 0 })],
  ['RELAY_TOPIC_SHORTER', topic({ lanes: [lane({ logEnd: 4n })] })],
  ['RELAY_TOPIC_SHORTER', topic({ lanes: [lane({ logEnd: 0n, committed: undefined })] })],
  ['RELAY_TOPIC_SHORTER', topic({ lanes: [lane({ logEnd: 4n, publishedThrough: 0n })] })],
  ['RELAY_POSITION_BEHIND', topic({ lanes: [lane({ publishedThrough: 6n })] })],
  ['RELAY_ROW_MISSING', topic({ lanes: [lane({ rowAnchor: undefined })] })],
  ['RELAY_ROW_MISSING', topic({ lanes: [lane({ rowAnchor: undefined, committed: undefined })] })],
  [
    'RELAY_ANCHOR_DIFFERS',
    topic({ lanes: [lane({ rowAnchor: anchorOf({ ceId: 'b', digest: '01' }) })] }),
  ],
  [
    'RELAY_ANCHOR_DIFFERS',
    topic({ lanes: [lane({ rowAnchor: anchorOf({ ceId: 'a', digest: '02' }) })] }),
  ],
  [
    'RELAY_ANCHOR_DIFFERS',
    topic({ epoch: 1, lanes: [lane({ committed: { position: 5n, anchor: ROW, epoch: 2 } })] }),
  ],
])('%s is refused, case %#', (code, evidence) => {
  expect(refusalOf(evidence)).toBe(code);
});

test('one lane that does not agree refuses the topic and says where', () => {
  const check = checkAnchor(
    topic({
      partitions: 2,
      lanes: [lane(), lane({ lane: 8, partition: 1, rowAnchor: undefined })],
    }),
  );

  expect(check).toMatchObject({
    kind: 'refused',
    refusal: { detail: expect.stringContaining('partition 1') as string },
  });
});

test('a log that was made again may lack the positions that are known to be missing', () => {
  const shorter = { logEnd: 1n, missingPositions: 4n };

  expect(refusalOf(topic({ lanes: [lane(shorter)] }))).toBe('agreed');
  expect(refusalOf(topic({ lanes: [lane({ ...shorter, logEnd: 0n })] }))).toBe(
    'RELAY_TOPIC_SHORTER',
  );
});

test('what is committed with a position is read back, also without an epoch', () => {
  expect(readMetadata(metadataOf({ anchor: ROW, epoch: 7 }))).toEqual({ anchor: ROW, epoch: 7 });
  expect(readMetadata(metadataOf({ anchor: '', epoch: 7 }))).toEqual({ anchor: '', epoch: 0 });
  expect(readMetadata(ROW)).toEqual({ anchor: ROW, epoch: 0 });
});
