import { type Outputs, outputLanes } from '@latchkey/intake';
import { type Db, listLanes, readOutputState } from '@latchkey/postgres';
import { outputTopicNames } from '@latchkey/runtime';
import type { OperatorSettings } from './settings.ts';

/** Loads the outputs. The layout is read first: if lanes are added in between, it is too low and refused. */
export async function loadOutputs(db: Db, settings: OperatorSettings): Promise<Outputs> {
  const { layout } = await readOutputState(db);
  const lanes = outputLanes(await db.run(listLanes, {}), outputTopicNames(settings));
  return { installation: settings.INSTALLATION, lanes, layout };
}
