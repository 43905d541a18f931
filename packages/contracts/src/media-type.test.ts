import { expect, test } from 'vitest';
import { isJsonMediaType, mediaTypeOf } from './media-type.ts';

test.each([
  ['application/cloudevents+json', 'cloudevents-json'],
  ['application/cloudevents+json; charset=UTF-8', 'cloudevents-json'],
  ['Application/CloudEvents+JSON;charset="utf-8"', 'cloudevents-json'],
  ['application/cloudevents+json; charset=iso-8859-1', 'cloudevents-other'],
  ['application/cloudevents+avro', 'cloudevents-other'],
  ['application/cloudevents-batch+json', 'cloudevents-other'],
  ['application/json', 'json'],
  ['application/json; charset=us-ascii', 'json'],
  ['application/vnd.example+json', 'json'],
  ['text/json; profile=x', 'json'],
  ['application/json; charset=utf-16', 'other'],
  ['application/avro', 'other'],
  ['json', 'other'],
  ['', 'other'],
])('%j announces %s', (contentType, mediaType) => {
  expect(mediaTypeOf(contentType)).toBe(mediaType);
  expect(isJsonMediaType(contentType)).toBe(mediaType === 'json');
});
