import type { Context } from '../context.ts';
import { measureRelay, type RelayFigures } from '../measure/relay-alone.ts';

/** Measures a relay with a full outbox, several times. */
export async function runRelay({
  servers,
  sizes,
  print,
}: Context): Promise<readonly RelayFigures[]> {
  const all: RelayFigures[] = [];
  for (let round = 1; round <= sizes.relayRounds; round += 1) {
    const figures = await measureRelay(servers, sizes.relayMessages);
    print(`relay alone ${round}/${sizes.relayRounds}: ${Math.round(figures.perSecond)} messages/s`);
    all.push(figures);
  }
  return all;
}
