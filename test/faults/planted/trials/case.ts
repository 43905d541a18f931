import type { Servers } from '../../arena/arena.ts';
import { type CaseResult, runCampaign } from '../../sweep/campaign.ts';
import { parseCase } from '../../sweep/case.ts';
import { createLivenessFinding, type TrialFinding } from './drain.ts';

/** Runs a case of the sweep, with its replay. */
export async function runCaseTrial(
  servers: Servers,
  name: string,
): Promise<readonly TrialFinding[]> {
  const results: CaseResult[] = [];
  await runCampaign(servers, [parseCase(name)], (result) => {
    results.push(result);
  });
  const [result] = results;
  if (result === undefined) throw new Error(`${name} has no result`);
  const { error, findings } = result;
  if (error?.includes('was not reached') === true) throw new Error(error);
  return error === undefined ? findings : [...findings, createLivenessFinding(error)];
}
