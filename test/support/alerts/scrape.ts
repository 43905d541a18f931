/** One series at one moment, as scraped. */
export interface Sample {
  /** The name of the metric is the label `__name__`. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The answer of a process to `/metrics`. */
export interface Scrape {
  /** The process: its address, unless another name was given. */
  readonly instance: string;
  /** Seconds on any clock, the same for all scrapes that are evaluated together. */
  readonly atSeconds: number;
  readonly samples: readonly Sample[];
}

/**
 * Requests the metrics of a process; one that does not answer within 5 s has no samples.
 *
 * @param instance - the value of the label `instance`
 */
export async function scrape(
  { address }: { readonly address: string },
  atSeconds = performance.now() / 1_000,
  instance = address,
): Promise<Scrape> {
  const asked = fetch(`${address}/metrics`, { signal: AbortSignal.timeout(5_000) });
  const text = await asked.then((answer) => answer.text()).catch(() => '');
  const samples = samplesIn(text).map(({ labels, value }) => ({
    labels: { ...labels, instance },
    value,
  }));
  return { instance, atSeconds, samples };
}

/** The samples of a text in the Prometheus format. */
export function samplesIn(text: string): readonly Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(sampleIn);
}

const LINE = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)(?: \d+)?$/;
const LABEL = /(?<name>\w+)="(?<value>(?:[^"\\]|\\.)*)"/g;

function sampleIn(line: string): Sample {
  const { name, labels = '', value } = LINE.exec(line)?.groups ?? {};
  if (name === undefined) throw new Error(`no sample: ${line}`);
  const pairs = [...labels.matchAll(LABEL)].map(({ groups }) => [
    groups?.['name'],
    groups?.['value'],
  ]);
  return {
    labels: { ...(Object.fromEntries(pairs) as Record<string, string>), __name__: name },
    value: numberOf(value ?? ''),
  };
}

function numberOf(text: string): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
}

/** The values of the series with this name and these labels, with any other labels. */
export function valuesOf(
  { samples }: Pick<Scrape, 'samples'>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): readonly number[] {
  const wanted = Object.entries({ ...labels, __name__: name });
  return samples
    .filter((sample) => wanted.every(([label, value]) => sample.labels[label] === value))
    .map(({ value }) => value);
}
