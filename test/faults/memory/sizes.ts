interface Sizes {
  /** Persons about whom one batch brings an event each, facts behind each, and bytes of each fact. */
  readonly batch: { readonly persons: number; readonly facts: number; readonly bytes: number };
  /** One person. */
  readonly large: { readonly facts: number; readonly bytes: number };
  /** Persons who are due at once. */
  readonly due: { readonly persons: number; readonly facts: number; readonly bytes: number };
}

/** As small as shows that it is not bounded, where it is not. */
const SMALL: Sizes = {
  batch: { persons: 300, facts: 400, bytes: 1_024 },
  large: { facts: 901, bytes: 195 * 1_024 },
  due: { persons: 200, facts: 700, bytes: 512 },
};

const WHOLE: Sizes = {
  batch: { persons: 1_000, facts: 1_000, bytes: 1_024 },
  large: { facts: 901, bytes: 195 * 1_024 },
  due: { persons: 1_000, facts: 700, bytes: 1_024 },
};

/** `FAULTS_RECORDS`: small or whole. */
export const SIZES = process.env['FAULTS_RECORDS'] === 'whole' ? WHOLE : SMALL;
