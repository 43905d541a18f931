import { z } from 'zod';

/** Hex SHA-256 by `textHash`: the text itself is in a table of its own, so that it can be erased. */
export const reasonHash = z.string().regex(/^[0-9a-f]{64}$/);

/** Who answers for a decision: a role or a team that the policy or a command names. */
export const owner = z.string().min(1);

/** A whole number that may be beyond 2^53, as decimal text. */
export const decimal = z.string().regex(/^\d+$/);

export const count = z.int().min(0);

/** `<source>#<id>`. */
export const qualifiedEventId = z.string().min(1).max(1024);
