/** The figures of the adapter on the wire, each beside plain Baileys with useMultiFileAuthState in the same run. */

import { setTimeout as delay } from 'node:timers/promises'
import type { Lifetime } from '../../sim/cli/lifetime.ts'
import { groupedText } from '../../sim/report/durations.ts'
import { median } from '../../sim/assertions/median.ts'
import { KINDS, prepareGround, startSubject } from './ground.ts'
import type { Ground, Kind, SubjectProcess } from './ground.ts'
import { measureReconnects } from './reconnects.ts'
import { pair, wireFigure } from './wire-table.ts'
import type { Pair, WireFigure } from './wire-table.ts'

export interface WireSizes {
  readonly rounds: number
  readonly messages: number
  readonly contacts: number
  readonly reconnects: number
}

const KEY_WRITES = 300
const SOME_RECONNECTS = 40
const POLL_MS = 5
const MB_BYTES = 1_048_576
const BATCH = 200
/** What ours may take beside plain: Postgres' client is in it. */
const MEMORY_OF_PLAIN = 1.1
/** What plain Baileys grew by after 10,000 messages when it was first measured; ours shall do with that. */
const GROWN_MB = 31

export async function measureWire(
  lifetime: Lifetime,
  sizes: WireSizes,
  say: (line: string) => void,
): Promise<readonly WireFigure[]> {
  const ground = await prepareGround(lifetime, say)
  return [
    ...(await measureLogins(ground, sizes)),
    ...(await measureTraffic(ground, sizes)),
    ...(await measureContacts(ground, sizes)),
    ...(await measureReconnects(ground, sizes.reconnects)),
  ]
}

async function measureLogins(ground: Ground, { rounds }: WireSizes): Promise<WireFigure[]> {
  ground.say(`first logins, ${rounds} of each`)
  const opens: Record<Kind, number[]> = { plain: [], ours: [] }
  const stores: Record<Kind, number[]> = { plain: [], ours: [] }
  const writes: Record<Kind, number[]> = { plain: [], ours: [] }
  const again: Record<Kind, number[]> = { plain: [], ours: [] }
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of KINDS) {
      const { process } = await startSubject(ground, kind, 'many')
      opens[kind].push(await process.ask({ ask: 'connect' }))
      stores[kind].push(await process.ask({ ask: 'store-ms' }))
      writes[kind].push(await process.ask({ ask: 'key-write-ms', times: KEY_WRITES }))
      again[kind].push(await process.ask({ ask: 'reconnect-ms', times: SOME_RECONNECTS }))
      process.stop()
    }
  }
  return [
    wireFigure('first login with 812 pre-keys', 'ms', medians(opens)),
    { ...wireFigure("of it the store's part, fsync on", 'ms', medians(stores)), atMost: 60 },
    { ...wireFigure('one key write, p50', 'ms', medians(writes)), atMost: 3 },
    wireFigure('reconnect to open, p50', 'ms', medians(again)),
  ]
}

/** One contact, as fast as both ends can. */
async function measureTraffic(ground: Ground, { messages }: WireSizes): Promise<WireFigure[]> {
  ground.say(`${groupedText(messages)} messages of one contact`)
  const perSecond = pair()
  const idle = pair()
  const after = pair()
  for (const kind of KINDS) {
    const { process, account } = await startSubject(ground, kind, 'few')
    await process.ask({ ask: 'connect' })
    idle[kind] = (await process.ask({ ask: 'rss' })) / MB_BYTES
    const contact = ground.whatsapp.addContact()
    const startedAtMs = performance.now()
    for (let sent = 0; sent < messages; sent += 1) {
      await contact.say(`message ${sent}`, { to: account })
      if (sent % BATCH === BATCH - 1) await untilTaken(process, sent + 1 - BATCH)
    }
    await untilTaken(process, messages)
    perSecond[kind] = (messages * 1_000) / (performance.now() - startedAtMs)
    after[kind] = (await process.ask({ ask: 'rss' })) / MB_BYTES
    process.stop()
  }
  return [
    { ...wireFigure('messages a second, taken and acknowledged', '1/s', perSecond), atLeastOfPlain: 0.8 },
    { ...wireFigure('memory (RSS) connected and idle', 'MB', idle), atMostOfPlain: MEMORY_OF_PLAIN },
    {
      ...wireFigure(`memory (RSS) after ${groupedText(messages)} messages of one contact`, 'MB', after),
      atMostOfPlain: MEMORY_OF_PLAIN,
    },
  ]
}

/** Each contact's first message makes a session. */
async function measureContacts(ground: Ground, { contacts }: WireSizes): Promise<WireFigure[]> {
  ground.say(`one message of each of ${groupedText(contacts)} contacts`)
  const grown = pair()
  const heap = pair()
  for (const kind of KINDS) {
    const { process, account } = await startSubject(ground, kind, 'many')
    await process.ask({ ask: 'connect' })
    const before = await process.ask({ ask: 'rss' })
    const heapBefore = await process.ask({ ask: 'heap' })
    for (let index = 0; index < contacts; index += 1) {
      await ground.whatsapp.addContact().say('hello', { to: account })
      if (index % BATCH === BATCH - 1) await untilTaken(process, index + 1 - BATCH)
    }
    await untilTaken(process, contacts)
    grown[kind] = ((await process.ask({ ask: 'rss' })) - before) / MB_BYTES
    heap[kind] = ((await process.ask({ ask: 'heap' })) - heapBefore) / MB_BYTES
    process.stop()
  }
  return [
    {
      ...wireFigure(`memory (RSS) more by ${groupedText(contacts)} contacts`, 'MB', grown),
      atMost: GROWN_MB,
    },
    wireFigure(`heap after GC more by ${groupedText(contacts)} contacts`, 'MB', heap),
  ]
}

async function untilTaken(subject: SubjectProcess, count: number): Promise<void> {
  while ((await subject.ask({ ask: 'taken' })) < count) await delay(POLL_MS)
}

function medians({ plain, ours }: Record<Kind, readonly number[]>): Pair {
  return { plain: median(plain), ours: median(ours) }
}
