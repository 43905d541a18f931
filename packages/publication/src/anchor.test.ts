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
  takenOver,
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
    mendingAfter: undefined,
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

test('a lane goes on behind the position that both sides know', () => {
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

test("Kafka's position counts where PostgreSQL had not noted it yet", () => {
  const check = checkAnchor(topic({ lanes: [lane({ publishedThrough: 2n })] }));

  expect(check).toMatchObject({ kind: 'agreed', lanes: [{ position: 5n }] });
});

test("PostgreSQL's position counts where Kafka has forgotten its own, and must be committed again", () => {
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
  ['RELAY_ROW_MISSING', topic({ lanes: [lane({ mendingAfter: 5n })] })],
  ['RELAY_TOPIC_SHORTER', topic({ lanes: [lane({ mendingAfter: 5n, logEnd: 4n })] })],
  // An empty or restored database is behind, whatever the log holds: nothing of it could be published again.
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

test('what is committed with a position is read back, also where nothing was published', () => {
  const published = { anchor: ROW, epoch: 7 };
  const claim = { anchor: '', epoch: 7 };

  expect(readMetadata(metadataOf(published, OWN))).toEqual({ ...published, installation: OWN });
  expect(readMetadata(metadataOf(claim, OWN))).toEqual({ ...claim, installation: OWN });
});

test('what older versions have committed is read, and names no installation', () => {
  expect(readMetadata(`${ROW} 7`)).toEqual({ anchor: ROW, epoch: 7, installation: undefined });
  expect(readMetadata(ROW)).toEqual({ anchor: ROW, epoch: 0, installation: undefined });
  expect(readMetadata('')).toEqual({ anchor: '', epoch: 0, installation: undefined });
});

test('an older version reads what is committed now', () => {
  // As it takes it apart.
  const olderOf = (metadata: string): object => {
    const [ceId = '', digest = '', epoch = '0'] = metadata.split(' ');
    return { anchor: ceId === '' ? '' : `${ceId} ${digest}`, epoch: Number(epoch) };
  };

  expect(olderOf(metadataOf({ anchor: ROW, epoch: 7 }, OWN))).toEqual({ anchor: ROW, epoch: 7 });
  expect(olderOf(metadataOf({ anchor: '', epoch: 7 }, OWN))).toEqual({ anchor: '', epoch: 7 });
});

test('what an older version has committed agrees, and is claimed next', () => {
  const evidence = topic({ lanes: [lane({ committed: committed({ installation: undefined }) })] });

  expect(checkAnchor(evidence)).toMatchObject({ kind: 'agreed', claimed: false });
});

test('a topic that is taken over is judged as if its messages were our own', () => {
  const empty = lane({ publishedThrough: 0n, rowAnchor: undefined, committed: OTHERS });
  const claim = lane({
    publishedThrough: 0n,
    rowAnchor: undefined,
    committed: committed({ position: 0n, anchor: '', installation: OTHER }),
  });

  const taken = takenOver(topic({ recordedClusterId: 'two', lanes: [empty] }));
  expect(refusalOf(taken)).toBe('RELAY_ROW_MISSING');
  expect(checkAnchor(takenOver(topic({ lanes: [claim] })))).toMatchObject({ claimed: false });
  expect(isClaimed(takenOver(topic()))).toBe(true);
});

test('a topic that is taken over may lack positions: it was made again before, and went on behind them', () => {
  const short = { publishedThrough: 0n, logEnd: 3n };
  const others = lane({ ...short, committed: OTHERS });

  const taken = takenOver(topic({ lanes: [others] }));

  expect(taken.lanes).toMatchObject([{ missingPositions: 2n }]);
  expect(checkAnchor(taken).kind).toBe('agreed');
  expect(refusalOf(takenOver(topic({ lanes: [lane(short)] })))).toBe('RELAY_TOPIC_SHORTER');
});
