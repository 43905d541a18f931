import { evaluate } from './evaluate.ts';
import { type Alert, readAlerts } from './read-alerts.ts';
import { type Sample, type Scrape, scrape, valuesOf } from './scrape.ts';

/** The interval of docs/operations.md. */
const EVERY_SECONDS = 15;

interface Target {
  readonly address: string;
  /** The label `instance`; by default the address. */
  readonly instance?: string;
}

/** The documented alerts over scrapes of real processes, on a simulated clock. */
export class Alerts {
  readonly #alerts: ReadonlyMap<string, Alert>;
  readonly #targets: () => readonly Target[];
  readonly #scrapes: Scrape[] = [];
  #atSeconds = 0;

  private constructor(alerts: ReadonlyMap<string, Alert>, targets: () => readonly Target[]) {
    this.#alerts = alerts;
    this.#targets = targets;
  }

  /** @param targets - called at each scrape; a target that does not answer has no series */
  static async open(targets: () => readonly Target[]): Promise<Alerts> {
    return new Alerts(await readAlerts(), targets);
  }

  /** Scrapes all targets, `afterSeconds` after the scrape before on the simulated clock. */
  async scrape(afterSeconds = EVERY_SECONDS): Promise<void> {
    this.#atSeconds += afterSeconds;
    const scrapes = await Promise.all(
      this.#targets().map((target) => scrape(target, this.#atSeconds, target.instance)),
    );
    this.#scrapes.push(...scrapes);
  }

  /** The series for which the alert is true at the last scrape. */
  firing(name: string): readonly Sample[] {
    const alert = this.#alerts.get(name);
    if (alert === undefined) throw new Error(`no alert of this name is documented: ${name}`);
    return evaluate(alert.expression, this.#scrapes, this.#atSeconds);
  }

  /** Scrapes, and returns whether the alert is true. */
  async fires(name: string, afterSeconds = EVERY_SECONDS): Promise<boolean> {
    await this.scrape(afterSeconds);
    return this.firing(name).length > 0;
  }

  /** The values of a metric over all targets now; the clock of the alerts does not advance. */
  async values(
    metric: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<readonly number[]> {
    const now = await Promise.all(this.#targets().map((target) => scrape(target)));
    return now.flatMap((one) => valuesOf(one, metric, labels));
  }
}
