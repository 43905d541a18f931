import { makeAuditPartitions, migrateDatabase } from '@latchkey/postgres';
import { databaseSettings, readArguments, runService } from '@latchkey/runtime';
import { z } from 'zod';
import { withoutWaiting } from './without-waiting.ts';

await runService({
  name: 'migrate',
  settings: z.object(databaseSettings),
  usage:
    '\n  brings the database to the current schema and makes the months of the audit trail for a year ahead;' +
    '\n  safe to run twice and by two at once',
  run: async ({ settings, args, giveUp }) => {
    readArguments({ command: 'npm run migrate', options: {}, usage: '' }, args);
    await withoutWaiting(giveUp, async () => {
      const applied = await migrateDatabase({ url: settings.DATABASE_URL, giveUp });
      const what = applied.length === 0 ? 'nothing to do' : applied.join(', ');
      process.stdout.write(`migrated: ${what}\n`);
      const made = await makeAuditPartitions({ url: settings.DATABASE_URL, giveUp });
      if (made.length > 0) process.stdout.write(`made: ${made.join(', ')}\n`);
    });
  },
});
