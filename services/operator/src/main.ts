import { runService } from '@latchkey/runtime';
import { runOperator, USAGE } from './run-operator.ts';
import { operatorSettings } from './settings.ts';

await runService({
  name: 'latchkey',
  settings: operatorSettings,
  usage: USAGE,
  run: runOperator,
});
