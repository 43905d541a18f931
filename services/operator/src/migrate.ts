import { migrateDatabase } from '@latchkey/postgres';
import { databaseSettings, runService } from '@latchkey/runtime';
import { z } from 'zod';

await runService({
  name: 'migrate',
  settings: z.object(databaseSettings),
  usage: '\n  brings the database to the current schema; safe to run twice and by two at once',
  run: async ({ settings }) => {
    const applied = await migrateDatabase({ url: settings.DATABASE_URL });
    const what = applied.length === 0 ? 'nothing to do' : applied.join(', ');
    process.stdout.write(`migrated: ${what}\n`);
  },
});
