import { type Transition } from '../lifecycle/transitions.ts';
import { type Policy } from '../policy/policy.ts';
import { type DecidedChange } from './account-change.ts';
import { type Decision, lifecycleDecision } from './decision.ts';
import { type Due } from './due.ts';

/** Decisions by what brought them about; in each the lifecycle first, then the accounts by target. */
interface SortedDecisions {
  readonly clock: readonly Decision[];
  readonly arrived: readonly Decision[];
}

/** Without a fact that could have brought it about, everything is the clock's. */
export function sortDecisions(
  due: Due,
  arrived: readonly Transition[],
  changes: readonly DecidedChange[],
  anyFact: boolean,
  policy: Policy,
): SortedDecisions {
  const decided = (transitions: readonly Transition[]) =>
    transitions.map((transition) => lifecycleDecision(transition, policy));
  const clock = changes.flatMap((change) => change.clock);
  const rest = changes.flatMap((change) => change.arrived);
  return anyFact
    ? { clock: [...decided(due.transitions), ...clock], arrived: [...decided(arrived), ...rest] }
    : { clock: [...decided([...due.transitions, ...arrived]), ...clock, ...rest], arrived: [] };
}
