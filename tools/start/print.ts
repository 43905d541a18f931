const WIDTH = 100;

/** Prints a line. */
export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a line of progress to stderr, in grey if the terminal has colours. */
export function progress(text: string): void {
  process.stderr.write(`${paint('90', `  · ${text}`)}\n`);
}

export function title(text: string): void {
  say();
  say(paint('1', `── ${text} ${'─'.repeat(Math.max(0, WIDTH - text.length - 4))}`));
}

export function good(text: string): string {
  return paint('32', text);
}

export function bad(text: string): string {
  return paint('31', text);
}

/** Prints rows below each other, with columns aligned. */
export function table(rows: readonly (readonly string[])[]): void {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    say(`  ${cells.join('   ').trimEnd()}`);
  }
}

function paint(code: string, text: string): string {
  return process.stdout.isTTY && process.env['NO_COLOR'] === undefined
    ? `\u001b[${code}m${text}\u001b[0m`
    : text;
}
