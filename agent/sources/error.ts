/** A secret that could not be read: source, cause, remedy. Never the value. */
export class SourceError extends Error {
  readonly source: string
  readonly why: string
  readonly hint: string

  constructor(source: string, why: string, hint: string) {
    super(`${source}: ${why}; ${hint}`)
    this.name = 'SourceError'
    this.source = source
    this.why = why
    this.hint = hint
  }

  /** The same error with the place it concerns in front. */
  in(binding: string, variable: string): SourceError {
    const error = new SourceError(this.source, this.why, this.hint)
    error.message = `binding \`${binding}\`, variable \`${variable}\`: ${this.message}`
    return error
  }
}
