import { createHash } from 'node:crypto';

/**
 * What a decision contains in place of a free text: hex SHA-256 of subject id, 0x00, text, in UTF-8. The same
 * text about two subjects has two hashes.
 */
export function textHash(subjectId: string, text: string): string {
  return createHash('sha256').update(subjectId).update('\0').update(text).digest('hex');
}
