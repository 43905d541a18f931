import type { Servers } from '../../system.ts';
import type { GrowthContext, GrowthStep, OpenAxis, StepFigures } from '../axis.ts';
import { type Filling, filledServers } from '../fill/filled-servers.ts';

export interface FilledAxis {
  /** Prefix of the names of its databases. */
  readonly name: string;
  readonly fill: (database: Filling, rows: number) => Promise<void>;
  readonly measure: (servers: Servers, step: GrowthStep) => Promise<StepFigures>;
}

/** Each step has a filled database. All exist until the axis is closed, so that repetitions can be interleaved. */
export function openFilledAxis({ servers }: GrowthContext, axis: FilledAxis): Promise<OpenAxis> {
  const stack = new AsyncDisposableStack();
  const filled = new Map<number, Servers>();
  const serversOf = async ({ x }: GrowthStep): Promise<Servers> => {
    const known = filled.get(x);
    if (known !== undefined) return known;
    const name = `${axis.name}${filled.size}`;
    const own = stack.use(await filledServers(servers, name, (database) => axis.fill(database, x)));
    filled.set(x, own);
    return own;
  };
  return Promise.resolve({
    run: async (steps) => {
      const figures: StepFigures[] = [];
      for (const step of steps) figures.push(await axis.measure(await serversOf(step), step));
      return figures;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  });
}
