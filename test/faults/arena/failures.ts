/** How often a relay has failed to publish a topic, by what it has written; of any topic if none is named. */
export function publishingFailures(output: string, topic = ''): number {
  const lines = output.split('\n');
  return lines.filter((line) => line.includes('publishing failed') && line.includes(topic)).length;
}
