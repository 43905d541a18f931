import { runService } from '@latchkey/runtime';
import { runReconciler } from './run-reconciler.ts';
import { reconcilerSettings } from './settings.ts';

await runService({
  name: 'reconciler',
  settings: reconcilerSettings,
  run: (context) => runReconciler(context),
});
