/** The words of a refusal: what is refused and why, the cure, and the page to read, which is there and has that section. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { deny } from '../../../../webhook/mutate/answer/outcome.ts'
import { REASONS, type Reason, reasonEntry } from '../../../../webhook/mutate/answer/reasons.ts'

/** Their detail has the cure of each mistake, or their caller is no author of a Pod. */
const WITHOUT: readonly Reason[] = [
  'bad-annotation',
  'bad-pod',
  'no-such-container',
  'bad-review',
  'body-too-large',
  'internal-error',
]
const refusals = (Object.keys(REASONS) as Reason[]).filter((reason) => reasonEntry(reason).code >= 400)

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

/** @returns the section's text */
function sectionOf(page: string): string {
  const [file = '', anchor] = page.split('#')
  const text = readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8')
  const section = text.split(/^## /m).find((part) => anchorOf(part.split('\n')[0] ?? '') === anchor)
  return section ?? assert.fail(`${file} has no section #${anchor}`)
}

describe('a refusal', () => {
  for (const reason of refusals.filter((name) => !WITHOUT.includes(name))) {
    it(`${reason}: has a cure, and a page with its section`, () => {
      const { sentence, hint, page = assert.fail('no page') } = reasonEntry(reason)
      assert.ok(hint)
      assert.ok(sectionOf(page).length > 100)
      assert.equal(deny(reason).message, `KernelSeal: ${sentence} (${hint}; see ${page})`)
      if (page.endsWith('#a-pod-is-not-created'))
        assert.ok(sectionOf(page).includes(`\`${reason}\``), `${page} has no row`)
    })
  }

  it('by the level of Pod Security says what the agent needs, both ways on, and the guard for the rest', () => {
    const { message } = deny('pod-security')
    for (const words of [
      /^KernelSeal: the namespace's Pod Security level forbids the agent, which needs capabilities and host paths to /,
      /label the namespace `pod-security\.kubernetes\.io\/enforce: privileged`, or move the Pod/,
      /`deploy\/pod-policy` then keeps both from every other container/,
      /; see docs\/troubleshooting\.md#the-level-of-the-namespace-forbids-the-agent\)$/,
    ])
      assert.match(message, words)
  })
})
