/**
 * From now on the process outlives the readers of its output: what it prints after `head` or a pager has ended is
 * lost, and nothing else changes. Every other error of an output is thrown as before.
 */
export function outliveReaders(): void {
  for (const output of [process.stdout, process.stderr]) output.on('error', throwUnlessClosed);
}

function throwUnlessClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
