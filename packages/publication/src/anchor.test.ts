import { expect, test } from 'vitest';
import {
  anchorOf,
  type CommittedPosition,
  checkAnchor,
  isClaimed,
  type LaneEvidence,
  metadataOf,
  readMetadata,
  type TopicEvidence,
  treatAsOwn,
} from './anchor.ts';

const ROW = anchorOf({ ceId: 'a', digest: '01' });
const OWN = '00000000-0000-4000-8000-000000000001';
const OTHER = '00000000-0000-4000-8000-000000000002';

function committed(change: Partial<CommittedPosition> = {}): CommittedPosition {
  return { position: 5n, anchor: ROW, epoch: 0, installation: OWN, ...change };
}

function lane(change: Partial<LaneEvidence> = {}): LaneEvidence {
  return {
    lane: 7,
    partition: 0,
    publishedThrough: 5n,
    committed: committed(),
    missingPositions: 0n,
    movingAfter: undefined,
    rowAnchor: ROW,
    logEnd: 8n,
    ...change,
  };
}

function topic(change: Partial<TopicEvidence> = {}): TopicEvidence {
  return {
    installation: OWN,
    clusterId: 'one',
    recordedClusterId: 'one',
    epoch: 0,
    partitions: 1,
    lanes: [lane()],
    ...change,
  };
}

const OTHERS = committed({ installation: OTHER });

function refusalOf(evidence: TopicEvidence): string {
  const check = checkAnchor(evidence);
  return check.kind === 'refused' ? check.refusal.code : check.kind;
}

test('a lane continues after the position that both sides have', () => {
  expect(checkAnchor(topic())).toEqual({
    kind: 'agreed',
    lanes: [{ lane: 7, partition: 0, position: 5n, anchor: ROW, epoch: 0 }],
    claimed: true,
  });
});

test('a lane that was never published starts at the beginning, and is not claimed yet', () => {
  const fresh = lane({
    publishedThrough: 0n,
    committed: undefined,
    rowAnchor: undefined,
    logEnd: 0n,
  });

  expect(checkAnchor(topic({ recordedClusterId: undefined, lanes: [fresh] }))).toEqual({
    kind: 'agreed',
    lanes: [{ lane: 7, partition: 0, position: 0n, anchor: '', epoch: 0 }],
    claimed: false,
  });
});

test("Kafka's position counts where PostgreSQL has not recorded it yet", () => {
  const check = checkAnchor(topic({ lanes: [lane({ publishedThrough: 2n })] }));

  expect(check).toMatchObject({ kind: 'agreed', lanes: [{ position: 5n }] });
});

test("PostgreSQL's position counts where Kafka has forgotten its own, and is committed again", () => {
  const check = checkAnchor(topic({ lanes: [lane({ committed: undefined })] }));

  expect(check).toMatchObject({ kind: 'agreed', lanes: [{ position: 5n }], claimed: false });
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
    topic({ epoch: 1, lanes: [lane({ committed: committed({ epoch: 2 }) })] }),
  ],
  // Some of its messages have new positions, and others do not.
  ['RELAY_ROW_MISSING', topic({ lanes: [lane({ movingAfter: 5n })] })],
  ['RELAY_TOPIC_SHORTER', topic({ lanes: [lane({ movingAfter: 5n, logEnd: 4n })] })],
  // An empty or restored database is behind any log: it has nothing to replay.
  [
    'RELAY_ROW_MISSING',
    topic({ lanes: [lane({ publishedThrough: 0n, rowAnchor: undefined, logEnd: 4n })] }),
  ],
  ['RELAY_INSTALLATION_DIFFERS', topic({ lanes: [lane({ committed: OTHERS })] })],
  [
    'RELAY_INSTALLATION_DIFFERS',
    topic({
      partitions: 2,
      lanes: [lane({ publishedThrough: 9n }), lane({ lane: 8, partition: 1, committed: OTHERS })],
    }),
  ],
])('%s is refused, case %#', (code, evidence) => {
  expect(refusalOf(evidence)).toBe(code);
});

test('one lane that does not agree refuses the topic and is named', () => {
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

test('a recreated log may lack the positions that are known to be missing', () => {
  const shorter = { logEnd: 1n, missingPositions: 4n };

  expect(refusalOf(topic({ lanes: [lane(shorter)] }))).toBe('agreed');
  expect(refusalOf(topic({ lanes: [lane({ ...shorter, logEnd: 0n })] }))).toBe(
    'RELAY_TOPIC_SHORTER',
  );
});

test('metadata is read back, also where nothing was published', () => {
  const published = { anchor: ROW, epoch: 7 };
  const claim = { anchor: '', epoch: 7 };

  expect(readMetadata(metadataOf(published, OWN))).toEqual({ ...published, installation: OWN });
  expect(readMetadata(metadataOf(claim, OWN))).toEqual({ ...claim, installation: OWN });
});

test('metadata of older versions is read, without an installation', () => {
  expect(readMetadata(`${ROW} 7`)).toEqual({ anchor: ROW, epoch: 7, installation: undefined });
  expect(readMetadata(ROW)).toEqual({ anchor: ROW, epoch: 0, installation: undefined });
  expect(readMetadata('')).toEqual({ anchor: '', epoch: 0, installation: undefined });
});

test("an older version reads today's metadata", () => {
  // The older version's parser.
  const olderOf = (metadata: string): object => {
    const [ceId = '', digest = '', epoch = '0'] = metadata.split(' ');
    return { anchor: ceId === '' ? '' : `${ceId} ${digest}`, epoch: Number(epoch) };
  };

  expect(olderOf(metadataOf({ anchor: ROW, epoch: 7 }, OWN))).toEqual({ anchor: ROW, epoch: 7 });
  expect(olderOf(metadataOf({ anchor: '', epoch: 7 }, OWN))).toEqual({ anchor: '', epoch: 7 });
});

test('a position of an older version agrees, and is claimed next', () => {
  const evidence = topic({ lanes: [lane({ committed: committed({ installation: undefined }) })] });

  expect(checkAnchor(evidence)).toMatchObject({ kind: 'agreed', claimed: false });
});

test('a topic that is taken over is checked as if this installation had published it', () => {
  const empty = lane({ publishedThrough: 0n, rowAnchor: undefined, committed: OTHERS });
  const claim = lane({
    publishedThrough: 0n,
    rowAnchor: undefined,
    committed: committed({ position: 0n, anchor: '', installation: OTHER }),
  });

  const own = treatAsOwn(topic({ recordedClusterId: 'two', lanes: [empty] }));
  expect(refusalOf(own)).toBe('RELAY_ROW_MISSING');
  expect(checkAnchor(treatAsOwn(topic({ lanes: [claim] })))).toMatchObject({ claimed: false });
  expect(isClaimed(treatAsOwn(topic()))).toBe(true);
});

test('a topic that is taken over may lack positions: it was recreated before, and continued after them', () => {
  const short = { publishedThrough: 0n, logEnd: 3n };
  const others = lane({ ...short, committed: OTHERS });

  const own = treatAsOwn(topic({ lanes: [others] }));

  expect(own.lanes).toMatchObject([{ missingPositions: 2n }]);
  expect(checkAnchor(own).kind).toBe('agreed');
  expect(refusalOf(treatAsOwn(topic({ lanes: [lane(short)] })))).toBe('RELAY_TOPIC_SHORTER');
});
