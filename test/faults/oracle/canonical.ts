import { createHash, hash } from 'node:crypto';

/** JSON text with sorted members: equal for equal values. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

export function digestOf(bytes: string | Buffer): string {
  return hash('sha256', bytes, 'hex');
}

/** Namespace of all derived ids. Repeated here so that a change in production is found. */
const NAMESPACE = Buffer.from('6d1f6c1e2b7a5d0f9a543c1d7c0e8f21', 'hex');

/** UUID version 5 (RFC 9562) of these parts, joined by line feeds. */
export function uuidOf(...parts: readonly string[]): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(parts.join('\n')).digest();
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
