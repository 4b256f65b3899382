/**
 * What a command of the bot is: one handler with its word, and what may be done with it. Finding the
 * handler for a text is the registry's matter, running it and delivering its answer the inbox's. The one
 * thing to think about when writing a handler is `effect`: it decides what a crash does to the command.
 */

/**
 * `repeatable`: running it again does no harm, so after a crash it is run again. `once`: it changes
 * something in the world; it is marked before it runs, and after a crash the user is told that it is unknown
 * whether it ran, instead of running it a second time.
 */
export type CommandEffect = 'repeatable' | 'once'

export interface CommandRequest {
  /** What follows the command word, trimmed; '' when nothing does. */
  readonly args: string
  readonly chat: string
  /** Sender inside a group; '' in a direct chat. */
  readonly participant: string
  /** When WhatsApp says the command was sent, ms since 1970. */
  readonly sentAtMs: number
}

export interface CommandHandler {
  /** The command word without prefix: lower case, no white space, unique in the registry. */
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  readonly effect: CommandEffect
  /** Heavy on memory: refused while memory is short. */
  readonly isHeavy: boolean
  /**
   * The answer's text; undefined or '' for none. May throw: the user then gets a plain apology. A promise
   * has a deadline; its late outcome is ignored.
   */
  run(request: CommandRequest): Promise<string | undefined> | string | undefined
}

export interface CommandMatch {
  readonly handler: CommandHandler
  readonly args: string
}

/** What the inbox needs of the registry. */
export interface CommandTable {
  /** The handler that wants this text, or undefined. Called for every message, so it must be cheap. */
  find(text: string): CommandMatch | undefined
}
