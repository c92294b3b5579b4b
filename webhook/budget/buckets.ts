/** Token buckets by name: so many at once, and so many a second after that. Of strangers' names a bounded number is remembered. */

export interface Bucket {
  tokens: number
  /** When they were last filled up, ms. */
  at: number
}

export interface BucketRates {
  readonly burst: number
  readonly perSecond: number
  /** Names remembered; beyond, the one seen longest ago starts anew. */
  readonly most: number
}

/** @param begin further state of a new bucket @param now ms @returns the bucket of a name, filled up to now */
export function openBuckets<Further extends object>(
  { burst, perSecond, most }: BucketRates,
  begin: () => Further,
  now: () => number,
): (name: string) => Bucket & Further {
  const known = new Map<string, Bucket & Further>()
  return (name) => {
    const time = now()
    const bucket = known.get(name) ?? { ...begin(), tokens: burst, at: time }
    bucket.tokens = Math.min(burst, bucket.tokens + ((time - bucket.at) / 1000) * perSecond)
    bucket.at = time
    // Put back at the end: those in front were seen longest ago.
    known.delete(name)
    known.set(name, bucket)
    for (const oldest of known.keys()) {
      if (known.size <= most) break
      known.delete(oldest)
    }
    return bucket
  }
}
