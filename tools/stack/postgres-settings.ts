/** What the database server of a stack is started with, wherever it runs. */
export const POSTGRES_SETTINGS = {
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  fsync: 'on',
  synchronous_commit: 'on',
} as const;
