/**
 * Limits of the output of `seal-env` for one Pod, counted while it is made: a Pod of 165 KB can ask for 650 MB of
 * composed values.
 */
import { MAX_VARIABLES } from '../../../agent/policy/secrets/check-bindings.ts'

/** As much as all annotations of a Pod may have (apimachinery, TotalAnnotationSizeLimitB), where the templates go. */
const MAX_COMPOSED = 256 * 1024

/** Each entry may be followed twice, and given up in the end: the text that was copied for it is work all the same. */
const MAX_FOLLOWED = 4 * MAX_COMPOSED

export class Growth {
  private variables = 0
  private composed = 0
  private followed = 0

  /** One more variable to seal. @returns the limit, once it is passed */
  addVariable(): string | undefined {
    return ++this.variables > MAX_VARIABLES ? `more than ${MAX_VARIABLES} variables` : undefined
  }

  /** One more value with references. @returns the limit, once it is passed */
  addComposed(characters: number): string | undefined {
    this.composed += characters
    return this.composed > MAX_COMPOSED ? `composed values of more than ${MAX_COMPOSED} characters` : undefined
  }

  /** Characters of one more reference, or that it stands for. @returns false once following them is too much */
  follow(characters: number): boolean {
    this.followed += characters
    return !this.isSpent
  }

  /** Of entries that were given up half-way too. @returns the limit, once it is passed */
  overFollowed(): string | undefined {
    return this.isSpent ? `references to more than ${MAX_FOLLOWED} characters` : undefined
  }

  private get isSpent(): boolean {
    return this.followed > MAX_FOLLOWED
  }
}
