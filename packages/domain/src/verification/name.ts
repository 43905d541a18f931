/** A name as it is compared: the policy is in NFC, and senders may write the same name in another normal form. */
export function comparable(name: string): string {
  return name.normalize('NFC');
}

/** Whether two names are the same text, however each was written. */
export function isSameName(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return comparable(one) === comparable(other);
}
