import { requirePinned } from './require-pinned.ts';

/** kafkajs creates one for each start of a consumer; the cluster stays the same. */
interface Group {
  readonly cluster: object;
  memberId: string | null;
}

type Step = (this: Group) => Promise<void>;

/** A consumer that kafkajs restarts in this process then joins its group with the member id that it had. */
export function keepMembership(): void {
  const { prototype } = requirePinned('src/consumer/consumerGroup.js') as {
    readonly prototype: Record<'connect' | 'joinAndSync' | 'leave', Step>;
  };
  const { connect, joinAndSync, leave } = prototype;
  const memberIds = new WeakMap<object, string>();
  const remember = ({ cluster, memberId }: Group): void => {
    if (memberId === null) memberIds.delete(cluster);
    else memberIds.set(cluster, memberId);
  };
  prototype.connect = async function () {
    this.memberId ??= memberIds.get(this.cluster) ?? null;
    await connect.call(this);
  };
  prototype.joinAndSync = async function () {
    try {
      await joinAndSync.call(this);
    } finally {
      remember(this);
    }
  };
  prototype.leave = async function () {
    await leave.call(this);
    remember(this);
  };
}
