/** What `/readyz` answers. */
export interface Readiness {
  readonly ready: boolean;
  readonly notReady: readonly { readonly part: string; readonly why: string }[];
}

/** Which parts of the process can do their work now. */
export interface Health {
  readonly ready: (part: string) => void;
  /** @param why - for an operator; without secrets and personal data */
  readonly notReady: (part: string, why: string) => void;
  /** Removes a part that this process no longer has, such as a revoked partition. */
  readonly forget: (part: string) => void;
  /** Ready when there is at least one part and all parts are ready. Sorted by part. */
  readonly readiness: () => Readiness;
}

/** A process of which nothing is known yet, and which is therefore not ready. */
export function createHealth(): Health {
  const parts = new Map<string, string | undefined>();
  return {
    ready: (part) => {
      parts.set(part, undefined);
    },
    notReady: (part, why) => {
      parts.set(part, why);
    },
    forget: (part) => {
      parts.delete(part);
    },
    readiness: () => readinessOf(parts),
  };
}

function readinessOf(parts: ReadonlyMap<string, string | undefined>): Readiness {
  if (parts.size === 0) return { ready: false, notReady: [{ part: 'process', why: 'starting' }] };
  const notReady = [...parts]
    .flatMap(([part, why]) => (why === undefined ? [] : [{ part, why }]))
    .sort((a, b) => (a.part < b.part ? -1 : 1));
  return { ready: notReady.length === 0, notReady };
}
