/** The lab's surroundings are not as needed: no fault of the bot, the scenario or the person's arguments. */

export class InfrastructureError extends Error {
  override readonly name = 'InfrastructureError'
  /** One sentence that says how to mend it. */
  readonly hint: string

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.hint = hint
  }
}
