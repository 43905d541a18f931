import { runService } from '@latchkey/runtime';
import { runRelay } from './run-relay.ts';
import { relaySettings } from './settings.ts';

await runService({ name: 'relay', settings: relaySettings, run: (context) => runRelay(context) });
