/** What the Dockerfile sets for every service: the limits of memory. */
export const PRODUCTION_ENV = {
  NODE_ENV: 'production',
  NODE_OPTIONS: '--max-old-space-size=256 --max-semi-space-size=16',
  MALLOC_ARENA_MAX: '2',
} as const;
