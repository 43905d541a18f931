import { addMember, CANARY, fillText, joinedText, VALUE_MAX_BYTES } from './corpus/texts.ts';

/** An event of 256 KiB fillText with the content that is most expensive to read; `name` makes its id and person unique. */
export type Worst = readonly [what: string, make: (name: string) => string];

function member(name: string, before: string, part: string, after: string): string {
  const [start = '', end = ''] = addMember(name, '"more":HERE').split('HERE');
  return fillText(start + before, part, after + end);
}

/** An event fillText with as many different members or rows as fit. */
function different(
  name: string,
  of: (index: number) => string,
  brackets: readonly [string, string],
): string {
  const [start = '', end = ''] = addMember(name, '"more":HERE').split('HERE');
  const parts: string[] = [];
  let bytes = start.length + end.length + 2;
  for (let index = 0; ; index += 1) {
    const part = of(index);
    bytes += part.length + 1;
    if (bytes > VALUE_MAX_BYTES) break;
    parts.push(part);
  }
  return start + brackets[0] + parts.join(',') + brackets[1] + end;
}

function timeline(name: string, row: (index: number) => unknown): string {
  const timeline = Array.from({ length: 1_000 }, (_, index) => row(index));
  const data = { engagement: `e-${name}`, startsAt: '2026-01-01T00:00:00Z', timeline };
  return joinedText(name, { type: 'latchkey.workforce.stated.v1', data });
}

function dateOf(index: number): string {
  return new Date(Date.UTC(1900, 0, 1 + (index % 2_900_000))).toISOString().slice(0, 10);
}

const ZONES = Intl.supportedValuesOf('timeZone');
const OBJECT = ['{', '}'] as const;
let days = 0;

export const WORST: readonly Worst[] = [
  ['numbers with an exponent', (name) => member(name, '[', '1e0,', '1]')],
  ['numbers with a zero mantissa', (name) => member(name, '[', '0e0,', '0]')],
  ['numbers of 15 digits', (name) => member(name, '[', '0.12345678901234,', '1]')],
  ['numbers of 17 characters', (name) => member(name, '[', '1.000000000000000,', '1]')],
  ['numbers that are rounded', (name) => member(name, '[', '9007199254740993,', '1]')],
  ['numbers far away', (name) => member(name, '[', '1e99,', '1]')],
  ['zeros and one number that is rounded', (name) => member(name, '[', '0,', '1e400]')],
  ['texts and one number that is rounded', (name) => member(name, '[', '"",', '1e400]')],
  ['objects and one number that is rounded', (name) => member(name, '[', '{},', '1e400]')],
  ['different members', (name) => different(name, (at) => `"${at.toString(36)}":0`, OBJECT)],
  ['members that are indexes', (name) => different(name, (at) => `"${99_999 - at}":0`, OBJECT)],
  [
    'members in no order',
    (name) => different(name, (at) => `"${((at * 7_919) % 99_991).toString(36)}":1`, OBJECT),
  ],
  [
    'members in escapes',
    (name) => different(name, (at) => `"\\u00e9${at.toString(36)}":"x"`, OBJECT),
  ],
  ['one member again and again', (name) => member(name, '{', '"a":1,', '"a":2}')],
  ['nested lists', (name) => member(name, '[', `${'['.repeat(28)}${']'.repeat(28)},`, '1]')],
  ['empty lists', (name) => member(name, '[', '[],', '1]')],
  ['small objects', (name) => member(name, '[', '{"a":1},', '1]')],
  ['escapes', (name) => member(name, '"', '\\u00e9', '"')],
  ['long texts', (name) => member(name, '"', '\u00e9', '"')],
  ['one long number', (name) => member(name, '', '9', '')],
  ['lists that never end', (name) => member(name, '', '[', '')],
  ['spaces', (name) => member(name, '', ' ', '1')],
  [
    'rows of 200 attributes',
    (name) =>
      timeline(name, (at) => ({
        from: '2026-01-01T00:00:00Z',
        attributes:
          at > 40
            ? {}
            : Object.fromEntries(Array.from({ length: 200 }, (_, no) => [`a${no}`, CANARY])),
      })),
  ],
  [
    'dates that are new each time',
    (name) => {
      days += 1_009;
      return timeline(name, (at) => ({
        from: { date: dateOf(days + at * 37), zone: ZONES[at % ZONES.length] },
        attributes: { department: CANARY },
      }));
    },
  ],
  [
    'zones that do not exist',
    (name) =>
      timeline(name, (at) => ({
        from: { date: '2026-01-01', zone: `Europe/${name}-${at}` },
        attributes: {},
      })),
  ],
];
