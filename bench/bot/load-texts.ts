/**
 * What is written to the bot under load, and by which of its answers it is known that a command was answered: each
 * answer of a person has a form of its own, so that one which came twice does not stand for another that was lost. Pure.
 */

/** What is written when it is no command: as long as chat messages are. */
const CHAT = 'Are we still meeting at the station tomorrow, or has the train been cancelled again? '
const COMMAND_EVERY = 5
const PLUGIN_EVERY = 50
/** The plugin throws at most 20 dice, and one alone is answered by a bare number. */
const [FEWEST_DICE, MOST_DICE] = [2, 20]

/** @param contacts who write in turn: nobody throws as many dice as before, for the first 19 rounds */
export function textOf(index: number, contacts: number): string {
  const round = Math.floor(index / contacts)
  const dice = FEWEST_DICE + (round % (MOST_DICE - FEWEST_DICE + 1))
  if (index % PLUGIN_EVERY === 0) return `.dice ${dice}d6`
  return index % COMMAND_EVERY === 0 ? `.ping ${index}` : `${CHAT}${index}`
}

export interface Talk {
  /** Texts that one person wrote. */
  readonly written: readonly string[]
  /** Texts that the same person has read. */
  readonly read: readonly string[]
}

/** How many of the commands of all people have an answer; those of one person with equal answers are one. */
export function countAnswered(talks: readonly Talk[]): { readonly asked: number; readonly answered: number } {
  let [asked, answered] = [0, 0]
  for (const { written, read } of talks) {
    const awaited = new Set(written.flatMap((text) => awaitedForm(text) ?? []))
    asked += awaited.size
    const forms = new Set(read.map(formOf))
    answered += [...awaited].filter((form) => forms.has(form)).length
  }
  return { asked, answered }
}

/** Undefined for what is no command. */
function awaitedForm(text: string): string | undefined {
  const [command, argument = ''] = text.split(' ')
  if (command === '.ping') return `pong ${argument}`
  return command === '.dice' ? `${Number.parseInt(argument, 10)} dice` : undefined
}

/** `1 + 4 + 6 = 11` is `3 dice`; everything else says what it answers. */
function formOf(answer: string): string {
  return / = \d+$/.test(answer) ? `${answer.split(' + ').length} dice` : answer
}
