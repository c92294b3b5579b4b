/** The floor of a load: tests of an upgrade under load fail where there was none during a part of it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertThroughout, LEAST, thirdsOf } from '../../support/cluster/throughout.ts'

/** As many times as asked, from one second on, ten milliseconds apart. */
const times = (second: number, count: number): number[] =>
  Array.from({ length: count }, (_, nth) => second * 1000 + nth * 10)
const during = (...counts: readonly number[]) =>
  thirdsOf(
    counts.flatMap((count, second) => times(second, count)),
    0,
    3000,
  )

describe('a load', () => {
  it('is counted in thirds of its time, and not before or after', () => {
    assert.deepEqual(during(5, 7, 9), [5, 7, 9])
    assert.deepEqual(thirdsOf([-1, 0, 999, 1000, 2999, 3000, 9000], 0, 3000), [2, 1, 1])
  })

  it('that went on throughout is one', () => {
    assertThroughout(during(LEAST, LEAST, LEAST), '')
  })

  for (const [what, thirds] of [
    ['never began', during(0, 0, 0)],
    ['stalled in the middle', during(90, LEAST - 1, 90)],
    ['ended before its time', during(90, 90, 0)],
    ['began late', during(0, 90, 90)],
  ] as const) {
    it(`that ${what} is none, and its figures are told`, () => {
      assert.throws(() => assertThroughout(thirds, '12 Pods at 4/s'), {
        message: new RegExp(`: ${thirds.join(', ')}; .* 12 Pods at 4/s$`),
      })
    })
  }
})
