import { requirePinned } from '../require-pinned.ts';
import { decodeFetchResponse, type FetchResponse } from './fetch-response.ts';

interface Decoder {
  decode: (payload: Buffer) => Promise<FetchResponse>;
}

const placeholderTopics = new Set<string>();

/**
 * From now on whatever consumes the topic in this process is shown placeholders where a batch holds nothing for a
 * reader: only so does it learn of every fetch, and from which offset it came.
 */
export function showPlaceholders(topic: string): void {
  placeholderTopics.add(topic);
}

/**
 * From now on every consumer of this process decodes Fetch responses with our decoder instead of kafkajs'. Replaces
 * one function of one pinned version; may be called again.
 *
 * @throws Error when another version of kafkajs is installed
 */
export function replaceDecoder(): void {
  // kafkajs calls it as a member of what this module exports, so it does not matter who loaded it first.
  const response = requirePinned('src/protocol/requests/fetch/v11/response.js') as Decoder;
  response.decode = (payload) => decodeFetchResponse(payload, placeholderTopics);
}
