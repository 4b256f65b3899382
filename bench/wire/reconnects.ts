/**
 * What a connection leaves behind: heap, timers, sockets and listeners after many reconnects of one process.
 * Surprising: plain Baileys cannot make as many. Each of its sockets leaves timers of its caches, and they keep the
 * whole socket; so it stops once its heap has grown by a bound, and the figures say how far it came. Nothing here is
 * timed, so both kinds go at once.
 */

import { groupedText } from '../../sim/report/durations.ts'
import { KINDS, startSubject } from './ground.ts'
import type { Ground, Kind, SubjectProcess } from './ground.ts'
import { pair, wireFigure } from './wire-table.ts'
import type { Pair, WireFigure } from './wire-table.ts'

const STEP = 100
/** The first ones fill what is filled once, V8's own caches included; what plain keeps of them leaves no room for more. */
const MAX_FIRST: Pair = { ours: 1_000, plain: 100 }
const BOUND_MB = 100
const KB_BYTES = 1_024
const MB_BYTES = 1_048_576
/** One megabyte in ten thousand reconnects: years of a bot's life. In fewer, what is filled once counts for more. */
const FLAT = { kb: 0.1, reconnects: 10_000 }

interface Left {
  readonly reconnects: number
  readonly heapBytes: number
  readonly resources: number
  readonly listeners: number
}

export async function measureReconnects(ground: Ground, reconnects: number): Promise<WireFigure[]> {
  ground.say(`${groupedText(reconnects)} reconnects`)
  const made = pair()
  const heapKb = pair()
  const resources = pair()
  const listeners = pair()
  const measure = async (kind: Kind): Promise<void> => {
    const left = await leftBehind(ground, kind, reconnects)
    made[kind] = left.reconnects
    heapKb[kind] = left.heapBytes / KB_BYTES / left.reconnects
    resources[kind] = left.resources
    listeners[kind] = left.listeners
  }
  await Promise.all(KINDS.map(measure))
  const flatness = reconnects < FLAT.reconnects ? {} : { atMost: FLAT.kb }
  return [
    wireFigure(`reconnects of one process, until its heap has grown by ${BOUND_MB} MB`, '', made),
    { ...wireFigure('heap after GC more, for each of them', 'kB', heapKb), ...flatness },
    { ...wireFigure('timers and sockets more, in all', '', resources), atMost: 0 },
    { ...wireFigure('listeners more, in all', '', listeners), atMost: 0 },
  ]
}

async function leftBehind(ground: Ground, kind: Kind, reconnects: number): Promise<Left> {
  const { process } = await startSubject(ground, kind, 'few')
  await process.ask({ ask: 'connect' })
  await process.ask({ ask: 'reconnect-ms', times: Math.min(MAX_FIRST[kind], Math.ceil(reconnects / 10)) })
  const before = await holds(process)
  let made = 0
  let grownBytes = 0
  while (made < reconnects && grownBytes < BOUND_MB * MB_BYTES) {
    const times = Math.min(STEP, reconnects - made)
    await process.ask({ ask: 'reconnect-ms', times })
    made += times
    grownBytes = (await process.ask({ ask: 'heap' })) - before.heapBytes
  }
  const after = await holds(process)
  process.stop()
  return {
    reconnects: made,
    heapBytes: after.heapBytes - before.heapBytes,
    resources: after.resources - before.resources,
    listeners: after.listeners - before.listeners,
  }
}

async function holds(process: SubjectProcess): Promise<Omit<Left, 'reconnects'>> {
  return {
    heapBytes: await process.ask({ ask: 'heap' }),
    resources: await process.ask({ ask: 'resources' }),
    listeners: await process.ask({ ask: 'listeners' }),
  }
}
