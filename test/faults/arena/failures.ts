/** Number of failed attempts to publish a topic (any topic if none is given), counted in the log of a relay. */
export function countPublishFailures(output: string, topic = ''): number {
  const lines = output.split('\n');
  return lines.filter((line) => line.includes('publishing failed') && line.includes(topic)).length;
}
