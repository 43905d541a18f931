/** The correlation key of an engagement: unique within its source. */
export function engagementKey(source: string, engagement: string): string {
  return `${source}#${engagement}`;
}
