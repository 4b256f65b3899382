/**
 * The dyno's memory while people write to it: a thousand contacts, ten messages a second for some minutes, every
 * fifth of them a command, one in fifty a plugin's, so that all three processes are at work. All have production's
 * settings; the people and WhatsApp live in this process and are not counted.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import { median } from '../../sim/assertions/median.ts'
import type { Figure } from '../figure.ts'
import type { BotDyno, DynoUse } from './bot-dyno.ts'
import { countAnswered, textOf } from './load-texts.ts'

type Account = ReturnType<FakeWhatsApp['addAccount']>

export interface LoadOptions {
  readonly contacts: number
  readonly perSecond: number
  readonly minutes: number
}

const SAMPLE_EVERY_MS = 1_000
const ANSWERED_WITHIN_MS = 60_000
/** 70 % of 512 MB, where cleaning would begin. */
const CLEANUP_MB = 358

export async function measureLoad(
  dyno: BotDyno,
  { whatsapp, account }: { readonly whatsapp: FakeWhatsApp; readonly account: Account },
  options: LoadOptions,
  say: (line: string) => void,
): Promise<readonly Figure[]> {
  const people = Array.from({ length: options.contacts }, () => ({
    contact: whatsapp.addContact(),
    written: [] as string[],
  }))
  const before = dyno.use()
  const samples: DynoUse[] = []
  const total = options.minutes * 60 * options.perSecond
  const startedMs = performance.now()
  const sending: Promise<unknown>[] = []
  for (let index = 0; index < total; index += 1) {
    const person = people[index % people.length]
    if (index > 0 && index % (60 * options.perSecond) === 0) {
      say(`load: minute ${index / (60 * options.perSecond) + 1} of ${options.minutes}`)
    }
    if (person !== undefined) {
      const text = textOf(index, options.contacts)
      person.written.push(text)
      sending.push(person.contact.say(text, { to: account }))
    }
    await sleep(Math.max(0, startedMs + ((index + 1) * 1_000) / options.perSecond - performance.now()))
    if (performance.now() - startedMs > samples.length * SAMPLE_EVERY_MS) samples.push(dyno.use())
  }
  await Promise.all(sending)
  const count = () =>
    countAnswered(
      people.map(({ contact, written }) => ({
        written,
        read: contact.inbox.messages.flatMap(({ text }) => text ?? []),
      })),
    )
  const deadlineMs = performance.now() + ANSWERED_WITHIN_MS
  let { asked, answered } = count()
  while (answered < asked && performance.now() < deadlineMs) {
    await sleep(SAMPLE_EVERY_MS)
    ;({ asked, answered } = count())
  }
  return figures(before, samples, answered / asked)
}

function figures(before: DynoUse, samples: readonly DynoUse[], answered: number): Figure[] {
  const of = (read: (use: DynoUse) => number): number[] => samples.map(read)
  const peak = (read: (use: DynoUse) => number): number => Math.max(...of(read))
  const last = samples.slice(-10).map(({ dynoPssMb }) => dynoPssMb)
  return [
    one(
      'dyno, Pss, highest',
      'MB',
      peak(({ dynoPssMb }) => dynoPssMb),
      CLEANUP_MB,
    ),
    one('dyno, Pss, median', 'MB', median(of(({ dynoPssMb }) => dynoPssMb))),
    one('dyno, Pss, before', 'MB', before.dynoPssMb),
    one('dyno, Pss, last ten seconds', 'MB', median(last)),
    one(
      'dyno, RSS summed, highest',
      'MB',
      peak(({ dynoRssMb }) => dynoRssMb),
    ),
    one(
      'supervisor, Pss, highest',
      'MB',
      peak(({ supervisorPssMb }) => supervisorPssMb),
    ),
    one(
      'supervisor, private, highest',
      'MB',
      peak(({ supervisorPrivateMb }) => supervisorPrivateMb),
      30,
    ),
    one(
      'supervisor, RSS, highest',
      'MB',
      peak(({ supervisorRssMb }) => supervisorRssMb),
    ),
    one(
      'bot and plugins, Pss, highest',
      'MB',
      peak((use) => use.dynoPssMb - use.supervisorPssMb),
    ),
    one(
      'bot and plugins, RSS, highest',
      'MB',
      peak((use) => use.dynoRssMb - use.supervisorRssMb),
    ),
    one('commands answered', '×', answered, 1),
  ]
}

function one(name: string, unit: string, value: number, goal?: number): Figure {
  return { name: `under load: ${name}`, unit, goal, isGoalAtMost: unit !== '×', rounds: [value] }
}
