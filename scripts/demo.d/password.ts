/** The secret of the demo's Pods, and how it is recognised in a text that must not have it. */
import { randomBytes } from 'node:crypto'

const FORM = /pw-[0-9a-f]{48}/

export function newPassword(): string {
  return `pw-${randomBytes(24).toString('hex')}`
}

/** @returns whether the value of any run's secret is in it */
export function hasPassword(text: string): boolean {
  return FORM.test(text)
}
