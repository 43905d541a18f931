import { endWhileLoading } from '@latchkey/runtime/while-loading';

endWhileLoading();

const { runService } = await import('@latchkey/runtime');
const { runRelay } = await import('./run-relay.ts');
const { relaySettings } = await import('./settings.ts');

await runService({ name: 'relay', settings: relaySettings, run: (context) => runRelay(context) });
