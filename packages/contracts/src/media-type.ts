/** What a content type announces: a whole CloudEvent in JSON or in another format, JSON, or something else. */
export type MediaType = 'cloudevents-json' | 'cloudevents-other' | 'json' | 'other';

/**
 * Reads a content type with its parameters, without regard to case (RFC 9110, section 8.3.1).
 * JSON between systems is UTF-8 (RFC 8259, section 8.1): with another charset it is something else.
 */
export function mediaTypeOf(contentType: string): MediaType {
  const [essence = '', ...parameters] = contentType.toLowerCase().split(';');
  const name = essence.trim();
  const isUtf8 = parameters.every(allowsUtf8);
  if (name.startsWith('application/cloudevents')) {
    return name === 'application/cloudevents+json' && isUtf8
      ? 'cloudevents-json'
      : 'cloudevents-other';
  }
  return (name.endsWith('/json') || name.endsWith('+json')) && isUtf8 ? 'json' : 'other';
}

/** Whether a content type announces JSON, and not a whole CloudEvent. */
export function isJsonMediaType(contentType: string): boolean {
  return contentType === 'application/json' || mediaTypeOf(contentType) === 'json';
}

/** US-ASCII is a part of UTF-8. */
function allowsUtf8(parameter: string): boolean {
  const text = parameter.trim().replaceAll('"', '');
  return !text.startsWith('charset=') || /^charset=(?:utf-?8|us-ascii)$/.test(text);
}
