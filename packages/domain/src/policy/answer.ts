/** `unknown`: what is known of the person does not decide it. */
export type Answer = boolean | 'unknown';

/** Why a text is no condition, for the author of the policy. */
export interface ConditionProblem {
  readonly problem: string;
}
