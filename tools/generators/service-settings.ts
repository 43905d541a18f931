import { databaseSettings, type settingDocs } from '@latchkey/runtime';
import { operatorSettings } from '../../services/operator/src/settings.ts';
import { reconcilerSettings } from '../../services/reconciler/src/settings.ts';
import { relaySettings } from '../../services/relay/src/settings.ts';

type Shape = Parameters<typeof settingDocs>[0];

/** The settings of each service beside those that all services have. */
export const SERVICE_SETTINGS: readonly (readonly [name: string, shape: Shape])[] = [
  ['reconciler', reconcilerSettings.shape],
  ['relay', relaySettings.shape],
  ['latchkey (operators’ command line)', operatorSettings.shape],
  ['migrate', databaseSettings],
];
