import { countIgnored } from '../policy/attributes.ts';
import { type Policy } from '../policy/policy.ts';
import { type Fact } from './fact.ts';

/** How many attribute values of a fact no rule can see: kept, but not declared for its source or of another type. */
export function countUndeclared(fact: Fact, policy: Policy): number {
  switch (fact.kind) {
    case 'joined':
    case 'moved':
      return countIgnored(fact.data.attributes, fact.source, policy);
    case 'stated':
      return fact.data.timeline.reduce(
        (sum, { attributes }) => sum + countIgnored(attributes, fact.source, policy),
        0,
      );
    default:
      return 0;
  }
}
