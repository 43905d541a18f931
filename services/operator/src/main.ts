import { runService } from '@latchkey/runtime';
import { runOperator } from './run-operator.ts';
import { operatorSettings } from './settings.ts';
import { USAGE } from './verbs.ts';

await runService({
  name: 'latchkey',
  settings: operatorSettings,
  usage: USAGE,
  run: runOperator,
});
