import { countIgnored } from '../policy/attributes.ts';
import { type Policy } from '../policy/policy.ts';
import { type Fact } from './fact.ts';

/** The number of attribute values of a fact that no rule can see: kept, but not declared for its source or of another type. */
export function countUndeclared(fact: Fact, policy: Policy): number {
  if (fact.kind === 'stated') {
    return fact.data.timeline.reduce(
      (sum, { attributes }) => sum + countIgnored(attributes, fact.source, policy),
      0,
    );
  }
  if (fact.kind !== 'joined' && fact.kind !== 'moved') return 0;
  return countIgnored(fact.data.attributes, fact.source, policy);
}
