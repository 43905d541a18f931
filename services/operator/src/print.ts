/** The value of a cell. Buffers are printed as text where they are text, else as hexadecimal digits. */
type Cell = string | number | bigint | boolean | Buffer | null | undefined;
type Row = Readonly<Record<string, Cell>>;

/** Prints rows, whose fields are cells, as an aligned table, or as one JSON object a line. */
export function printRows(rows: readonly object[], json: boolean): void {
  const cells = rows.map((row): Row => ({ ...row }));
  process.stdout.write(json ? cells.map(jsonLine).join('') : tableOf(cells));
}

/** Prints one row with a line for each field, or as a JSON object. */
export function printRow(given: object, json: boolean): void {
  const row: Row = { ...given };
  const lines = Object.entries(row).map(
    ([name, cell]) => `${shownName(name)}: ${textOf(name, cell)}\n`,
  );
  process.stdout.write(json ? jsonLine(row) : lines.join(''));
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The rows without one field. */
export function without(rows: readonly object[], field: string): readonly object[] {
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => name !== field)),
  );
}

function jsonLine(row: Row): string {
  const cells = Object.entries(row).map(([name, cell]) => [shownName(name), jsonOf(name, cell)]);
  return `${JSON.stringify(Object.fromEntries(cells))}\n`;
}

function jsonOf(name: string, cell: Cell): unknown {
  if (cell === null || cell === undefined) return null;
  return typeof cell === 'bigint' || cell instanceof Buffer || name.endsWith('AtMs')
    ? textOf(name, cell)
    : cell;
}

/** Moments are printed as ISO 8601 text. */
function shownName(name: string): string {
  return name.replace(/AtMs$/, 'At');
}

function tableOf(rows: readonly Row[]): string {
  const [first] = rows;
  if (first === undefined) return 'none\n';
  const names = Object.keys(first);
  const lines = [
    names.map(shownName),
    ...rows.map((row) => names.map((name) => textOf(name, row[name]))),
  ];
  const widths = names.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function textOf(name: string, cell: Cell): string {
  if (cell === null || cell === undefined) return '–';
  if (cell instanceof Buffer) return bytesOf(cell);
  if (name.endsWith('AtMs')) return new Date(Number(cell)).toISOString();
  return String(cell);
}

/** Raw bytes may contain anything, even control sequences of a terminal. */
function bytesOf(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  const isShown =
    Buffer.from(text).equals(bytes) && !/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text);
  return isShown ? text : `\\x${bytes.toString('hex')}`;
}
