import { type PolicyContent, policyShape } from './policy-shape.ts';
import { type Path, type PolicyText } from './policy-text.ts';

/** As much of a policy as has the right shape. */
export interface ReadShape {
  readonly content: PolicyContent;
  /** Sections with something left out for its shape: references to them cannot be checked yet. */
  readonly broken: ReadonlySet<string>;
}

interface Wrong {
  readonly path: Path;
  readonly expected: string;
}

/** Notes what has the wrong shape and leaves it out, so that the rest can be checked too. */
export function readShape({ content, note }: PolicyText): ReadShape | undefined {
  const read = policyShape.safeParse(content);
  if (read.success) return { content: read.data, broken: new Set() };
  const wrongs = read.error.issues.flatMap(wrongsOf);
  for (const { path, expected } of wrongs) note(path, expected);
  const rest = policyShape.safeParse(without(content, wrongs));
  const broken = new Set(wrongs.map(({ path }) => String(path[0])));
  return rest.success ? { content: rest.data, broken } : undefined;
}

type Issue = NonNullable<ReturnType<typeof policyShape.safeParse>['error']>['issues'][number];

function wrongsOf(issue: Issue): readonly Wrong[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code !== 'unrecognized_keys') return [{ path, expected: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key], expected: 'expected no such key' }));
}

/** A broken entry goes, else its section; the owner is replaced, for nothing refers to it. */
function without(content: unknown, wrongs: readonly Wrong[]): unknown {
  const rest = structuredClone(content);
  if (typeof rest !== 'object' || rest === null) return rest;
  for (const { path } of wrongs) {
    const [section = '', name] = path;
    const entries: unknown = Reflect.get(rest, section);
    if (section === 'owner') Reflect.set(rest, section, 'unknown');
    else if (name === undefined || section === 'verification' || !isObject(entries)) {
      Reflect.deleteProperty(rest, section);
    } else Reflect.deleteProperty(entries, name);
  }
  return rest;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
