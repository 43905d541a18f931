/** The text of a file, or the first place, counted from 1, at which its bytes are not UTF-8. */
export type Utf8Text =
  | { readonly text: string }
  | { readonly line: number; readonly column: number };

const LINE_FEED = 0x0a;

/**
 * Reads the bytes of a text file strictly, so that another encoding is found instead of becoming
 * U+FFFD in silence. A byte order mark at the beginning, as some editors write it, is no part of the text.
 */
export function readUtf8(bytes: Uint8Array): Utf8Text {
  const text = decoded(bytes);
  return text === undefined ? placeOf(bytes) : { text };
}

function decoded(bytes: Uint8Array, options?: { readonly stream: boolean }): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, options);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function placeOf(bytes: Uint8Array): { readonly line: number; readonly column: number } {
  let line = 1;
  let start = 0;
  for (;;) {
    const feed = bytes.indexOf(LINE_FEED, start);
    const end = feed === -1 ? bytes.length : feed;
    const ofLine = bytes.subarray(start, end);
    // A line feed is no part of a longer character: each line can be checked by itself.
    if (decoded(ofLine) === undefined) return { line, column: columnOf(ofLine) };
    if (feed === -1) return { line, column: 1 };
    start = feed + 1;
    line += 1;
  }
}

/** The position after the longest valid part. Searched by halves, since a line may be as long as the file. */
function columnOf(bytes: Uint8Array): number {
  let inOrder = 0;
  let broken = bytes.length + 1;
  while (broken - inOrder > 1) {
    const middle = Math.floor((inOrder + broken) / 2);
    // As a stream: an incomplete character at the end is no mistake.
    const isInOrder = decoded(bytes.subarray(0, middle), { stream: true }) !== undefined;
    if (isInOrder) inOrder = middle;
    else broken = middle;
  }
  const before = decoded(bytes.subarray(0, inOrder), { stream: true }) ?? '';
  return Array.from(before).length + 1;
}
