// Medians, and how sure they are.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, smallest and largest. */
export function spread(values) {
  return { median: median(values), low: Math.min(...values), high: Math.max(...values), runs: values.length };
}

/**
 * The median of the ratios of runs made in pairs, with the 95 % bounds, each one-sided, that the sign test gives it. The
 * test is exact and asks nothing of the distribution: the k-th smallest of n ratios lies above the true median with the
 * probability that a fair coin shows heads fewer than k times in n. With 8 pairs that is the second smallest. Fewer than
 * 5 pairs have no such bound; theirs are the smallest and the largest, and `isBounded` is false.
 */
export function pairedRatio(numerators, denominators) {
  const ratios = numerators.map((value, at) => value / denominators[at]).sort((a, b) => a - b);
  const rank = signRank(ratios.length);
  const at = Math.max(rank, 1) - 1;
  return {
    median: median(ratios),
    low: ratios[at],
    high: ratios[ratios.length - 1 - at],
    runs: ratios.length,
    isBounded: rank > 0,
  };
}

/** The largest k whose k-th smallest of n is a lower 95 % bound of the median; 0 where there is none. */
function signRank(n) {
  let [rank, probability, ways] = [0, 0, 1];
  for (let heads = 0; heads < n; heads += 1) {
    probability += ways / 2 ** n;
    if (probability > 0.05) return rank;
    rank = heads + 1;
    ways = (ways * (n - heads)) / (heads + 1);
  }
  return rank;
}
