import { endWhileLoading } from '@latchkey/runtime/while-loading';

endWhileLoading();

const { runService } = await import('@latchkey/runtime');
const { runReconciler } = await import('./run-reconciler.ts');
const { reconcilerSettings } = await import('./settings.ts');

await runService({
  name: 'reconciler',
  settings: reconcilerSettings,
  run: (context) => runReconciler(context),
});
