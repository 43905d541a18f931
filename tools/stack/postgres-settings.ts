/** Settings of the database server of every kind of stack. */
export const POSTGRES_SETTINGS = {
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  fsync: 'on',
  synchronous_commit: 'on',
} as const;
