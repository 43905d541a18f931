import { requirePinned } from '../require-pinned.ts';

/** What kafkajs makes anew each time that a consumer starts, of a client that stays. */
interface Group {
  readonly cluster: object;
  memberId: string | null;
}

type Step = (this: Group) => Promise<void>;

let isReplaced = false;

/**
 * From now on a consumer of this process that kafkajs starts again joins its group as the member that it was. As
 * another one it would wait, with the whole group, until the session of its former self has ended. Replaces three
 * functions of one pinned version; may be called again.
 *
 * @throws Error when another version of kafkajs is installed
 */
export function keepMembership(): void {
  if (isReplaced) return;
  isReplaced = true;
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
