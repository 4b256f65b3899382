/** The texts the bot says by itself, and what texts and ids must be like to be stored. */

/** Longest text that WhatsApp's clients show and send. */
const MAX_TEXT_CHARS = 65_536

export const REPLY_TEXTS = {
  failed: 'Sorry, this could not be done.',
  timedOut: 'Sorry, this took too long and was given up.',
  timedOutOnce: 'Sorry, this took too long. It is unknown whether it was done; it will not be repeated.',
  unknown: 'The bot was restarted meanwhile. It is unknown whether this was done; it will not be repeated.',
  busy: 'The bot is busy at the moment. Please try again later.',
} as const

/** WhatsApp's own ids have up to 60 characters; Postgres takes no key of more than 2,700 bytes. */
const MAX_ID_CHARS = 255

/** False for an id that a sender made up to hurt: the store would fail it however often it is tried. */
export function isStorableId(id: string): boolean {
  return id.length <= MAX_ID_CHARS && id.isWellFormed() && !id.includes('\u0000')
}

/** Postgres stores no NUL and no half of a surrogate pair; a command or reply with one would never settle. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '').slice(0, MAX_TEXT_CHARS).toWellFormed()
}
