/** What keeps an object from being deleted or purged, as its record says: sentences that begin with "it". */
export function keptBy(uses: { consumers: { id: string }[]; holds: { id: string }[] }): string[] {
  return [
    ...uses.consumers.map((consumer) => `it is registered as used by ${consumer.id}`),
    ...uses.holds.map((hold) => `it is held by ${hold.id}`),
  ];
}
