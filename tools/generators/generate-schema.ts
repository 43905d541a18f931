/** `npm run schema`: writes packages/postgres/src/schema.ts from the migrations, on a new stack. */
import { writeFile } from 'node:fs/promises';
import { migrateDatabase } from '@latchkey/postgres';
import { CommandLine } from '../command-line.ts';
import { openStack } from '../stack/open-stack.ts';
import { readSchema, SCHEMA_FILE } from './read-schema.ts';

new CommandLine({ command: 'npm run schema', options: {}, usage: '' }).readOrExit(() => undefined);
await using stack = await openStack({
  local: true,
  log: (line) => {
    process.stderr.write(`${line}\n`);
  },
});
await migrateDatabase({ url: stack.databaseUrl });
await writeFile(SCHEMA_FILE, await readSchema(stack.databaseUrl));
