// Whether a goal was met, in words.

/** `value` is to be at most `goal`. */
export function atMost(value, goal) {
  return value <= goal ? "met" : "MISSED";
}

/** A ratio misses its goal when even its lower bound lies above it: noise alone does not explain it. */
export function ratioAtMost(ratio, goal) {
  if (ratio.median <= goal) return "met";
  if (!ratio.isBounded) return "too few runs";
  return ratio.low <= goal ? "met (bound)" : "MISSED";
}
