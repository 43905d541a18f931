import { countOpen, listOutputs, listProgress } from '@latchkey/postgres';
import { printLine, printRows, without } from './print.ts';
import type { Command } from './verb.ts';

/** Where every input partition and every output topic stands, and what waits for a person. */
export const showStatus: Command = async ({ db }, { json }) => {
  const inputs = await db.run(listProgress, {});
  const outputs = await db.run(listOutputs, {});
  const open = await db.run(countOpen, {});
  if (json) {
    printRows(
      inputs.map((row) => ({ about: 'input', ...row })),
      json,
    );
    printRows(
      outputs.map((row) => ({ about: 'output', ...row })),
      json,
    );
    printRows(
      open.map((row) => ({ about: 'open', ...row })),
      json,
    );
    return;
  }
  printLine('Input partitions');
  printRows(without(inputs, 'stoppedDetail'), json);
  for (const { topic, partition, stoppedCode, stoppedDetail } of inputs) {
    if (stoppedCode !== null)
      printLine(`! ${topic}/${partition}: ${stoppedCode}: ${stoppedDetail ?? ''}`);
  }
  printLine('\nOutput topics');
  printRows(without(outputs, 'refusedDetail'), json);
  for (const { topic, refusedCode, refusedDetail } of outputs) {
    if (refusedCode !== null) printLine(`! ${topic}: ${refusedCode}: ${refusedDetail ?? ''}`);
  }
  printLine('\nWaiting for a person');
  printRows(open, json);
};
