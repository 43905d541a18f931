import { commitsLost, databaseRestored } from './database-restored.ts';
import { diskFull, readOnly } from './database-unwritable.ts';
import type { Disaster } from './disaster.ts';
import { groupsDeleted, producersExpired } from './kafka-state-lost.ts';
import { inputRecreated, inputReplaced, outputRecreated } from './recreated-topics.ts';
import { twoInstallations } from './two-installations.ts';
import { migration, twoVersions } from './upgrade.ts';

/** Every disaster, by name. */
export const DISASTERS: Readonly<Record<string, Disaster>> = {
  'database-restored': databaseRestored,
  'commits-lost': commitsLost,
  'input-recreated': inputRecreated,
  'input-replaced': inputReplaced,
  'output-recreated': outputRecreated,
  'two-installations': twoInstallations,
  'groups-deleted': groupsDeleted,
  'producers-expired': producersExpired,
  'disk-full': diskFull,
  'read-only': readOnly,
  migration,
  'two-versions': twoVersions,
};
