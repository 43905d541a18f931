import { decodeFetchResponse, type FetchResponse } from '../protocol/fetch-response.ts';
import { requirePinned } from './require-pinned.ts';

interface Decoder {
  decode: (payload: Buffer) => Promise<FetchResponse>;
}

const placeholderTopics = new Set<string>();

/**
 * Consumers of the topic in this process then receive a placeholder for a batch without records for a reader. Only with
 * placeholders does a consumer learn of every fetch and of the offset that it started from.
 */
export function showPlaceholders(topic: string): void {
  placeholderTopics.add(topic);
}

/** Every consumer of this process then decodes Fetch responses with our decoder. */
export function replaceDecoder(): void {
  // kafkajs calls it as a member of what this module exports, so it does not matter who loaded it first.
  const response = requirePinned('src/protocol/requests/fetch/v11/response.js') as Decoder;
  response.decode = (payload) => decodeFetchResponse(payload, placeholderTopics);
}
