/** A sentence with the times in it as people read them here. Drivers write them as records have them. */
export function showTimes(sentence: string): string {
  return sentence.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, showTime);
}

/** A time of a record, for people: UTC to the second, "2026-11-24 19:30:00Z". What is not a time stays as it is. */
export function showTime(iso: string | undefined): string {
  if (iso === undefined) return "-";
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  return new Date(time).toISOString().replace("T", " ").replace(/\.\d+/, "");
}
