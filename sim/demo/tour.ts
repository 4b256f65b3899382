/**
 * The demonstration: a bot is linked by QR, people talk to it, its dyno is restarted while they do, and it goes on
 * without a QR. Tells what happens as it happens; at the end it looks into the fake WhatsApp's truth.
 */

import type { Contact } from '../whatsapp/people/contact.ts'
import type { Recipient } from '../whatsapp/people/simulated-person.ts'
import type { BotChild } from './bot-child.ts'
import { qrLines } from './qr-lines.ts'
import type { Stage } from './stage.ts'

export type Tell = (line: string) => void

/** Whom the tour is told to. */
export interface Audience {
  readonly tell: Tell
  /** Somebody looks at it, and can be shown pictures. */
  readonly isTerminal: boolean
}

/**
 * @returns the bot process that is running at the end
 * @throws Error when something does not go as it should
 */
export async function runTour(stage: Stage, audience: Audience): Promise<BotChild> {
  const { tell } = audience
  const { postgres, whatsapp, account, anna, ben, friends } = stage
  tell(`Postgres: ${postgres.describe}. A WhatsApp of our own: ${whatsapp.url}`)
  const bot = await linkByQr(stage, audience)
  await ask(stage, { who: anna, where: account, text: '.ping' }, tell)
  await ask(stage, { who: ben, where: account, text: '.ping hello' }, tell)
  await ask(stage, { who: anna, where: friends, text: '.ping all' }, tell)
  const next = await restart(stage, bot, tell)
  await ask(stage, { who: ben, where: friends, text: '.ping again' }, tell)
  tellTruth(stage, tell)
  return next
}

/** One message to the bot and its answer. */
export async function ask(
  stage: Stage,
  message: { readonly who: Contact; readonly where: Recipient; readonly text: string },
  tell: Tell,
): Promise<void> {
  const { who, where, text } = message
  const before = who.inbox.length
  const sentAtMs = performance.now()
  tell(`${who.name} writes ${placeOf(stage, where)}: ${text}`)
  await who.say(text, { to: where })
  const answer = await who.inbox.waitFor(
    ({ id, from }) =>
      from === stage.account.pn && !who.inbox.messages.slice(0, before).some((old) => old.id === id),
  )
  tell(`    the bot answers: ${answer.text ?? answer.kind} (${elapsedText(sentAtMs)})`)
}

async function linkByQr({ account, boot }: Stage, { tell, isTerminal }: Audience): Promise<BotChild> {
  const bot = boot()
  tell(`The bot starts (process ${bot.pid}). It is linked to no phone yet, so it shows a QR code:`)
  const qr = await bot.qr()
  tell(await qrLines(qr, isTerminal))
  tell(`The phone of +${account.pn} scans it.`)
  await account.scanQr(qr)
  await bot.open()
  tell('Linked. WhatsApp asks for a new connection, as it does after each pairing; the bot is open.')
  return bot
}

/** A message comes while no bot is there. */
async function restart(stage: Stage, bot: BotChild, tell: Tell): Promise<BotChild> {
  const { account, anna, boot } = stage
  const stoppedAtMs = performance.now()
  tell(`The dyno restarts: SIGTERM to process ${bot.pid}.`)
  const { exitCode } = await bot.terminate()
  tell(`    it stopped in order (${elapsedText(stoppedAtMs)}, exit code ${exitCode})`)
  tell('Anna writes to the bot meanwhile: .ping anybody')
  await anna.say('.ping anybody', { to: account })
  const startedAtMs = performance.now()
  const next = boot()
  const { status } = await next.open()
  if (status.connection.qr !== undefined) throw new Error('the bot asked for a QR code again')
  tell(`A new process (${next.pid}) is open after ${elapsedText(startedAtMs)}: no QR code was needed.`)
  const answer = await anna.inbox.waitFor('pong anybody')
  tell(`    the bot answers what waited: ${answer.text}`)
  return next
}

function tellTruth({ whatsapp, account }: Stage, tell: Tell): void {
  const truth = whatsapp.truth()
  const answers = new Set(truth.people.flatMap(({ received }) => received.map(({ id }) => id)))
  tell(
    `What the fake WhatsApp saw: ${truth.connections.length} connections, ` +
      `${account.linkedDevices.length} linked device, ${answers.size} different messages read, ` +
      `${truth.unhealedFailures} that could not be, ${truth.keyReuses.length} keys used twice.`,
  )
  if (truth.unhealedFailures + truth.keyReuses.length > 0) throw new Error('not every message could be read')
}

function placeOf({ friends }: Stage, where: Recipient): string {
  return 'record' in where ? `in the group "${friends.subject}"` : 'to the bot'
}

function elapsedText(sinceMs: number): string {
  return `${Math.round(performance.now() - sinceMs)} ms`
}
