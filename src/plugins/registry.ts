/**
 * The table of command words. Looks at every message of every chat, so a text that is no command costs one
 * comparison. Upper and lower case are alike in the command word: telephones capitalise the first letter.
 */

import assert from 'node:assert/strict'
import type { CommandHandler, CommandMatch, CommandTable } from './plugin.ts'

/** What a text must begin with to be a command. */
export const COMMAND_PREFIX = '.'

export class CommandRegistry implements CommandTable {
  /** In the order given, which is the order of the list of commands. */
  readonly handlers: readonly CommandHandler[]
  readonly #byName: ReadonlyMap<string, CommandHandler>
  readonly #longestWord: number

  /** Two handlers of one name, or a name that nobody can type, are a bug and stop the process. */
  constructor(handlers: readonly CommandHandler[]) {
    const byName = new Map<string, CommandHandler>()
    for (const handler of handlers) {
      const { name } = handler
      assert(
        /^\S+$/.test(name) && name === name.toLowerCase(),
        `command name '${name}': no word in lower case`,
      )
      assert(!byName.has(name), `command name '${name}' is taken twice`)
      byName.set(name, handler)
    }
    this.handlers = handlers
    this.#byName = byName
    this.#longestWord = Math.max(0, ...handlers.map(({ name }) => name.length))
  }

  find(text: string): CommandMatch | undefined {
    if (!text.startsWith(COMMAND_PREFIX)) return undefined
    const wordStart = COMMAND_PREFIX.length
    // Bounded: a text of 60,000 letters is not searched for its first blank.
    const head = text.slice(wordStart, wordStart + this.#longestWord + 1)
    const wordLength = head.search(/\s/)
    const word = wordLength === -1 ? head : head.slice(0, wordLength)
    const handler = this.#byName.get(word.toLowerCase())
    return handler && { handler, args: text.slice(wordStart + word.length).trim() }
  }
}
