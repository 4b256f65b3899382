/**
 * What people send the bot: one command in ten seconds, as declared, over direct chats and groups, plus what
 * a scenario adds. Every message is a command, the dearest kind of chat message for the bot: it costs the
 * ratchet step, the durable mark, the recorded reply and the ack. Each carries a number that the answer
 * repeats, so that a checker can tell which command was answered, without asking the bot. Only a connected
 * bot hears of them, so they keep no world alive.
 */

import { MESSAGE_EVERY_MS } from '../scenario.ts'
import type { Scenario } from '../scenario.ts'
import type { PrngStream } from './prng.ts'
import type { Scheduler } from './scheduler.ts'

export interface IncomingCommand {
  readonly chat: string
  /** '' in a direct chat. */
  readonly participant: string
  readonly text: string
}

export interface WorkloadOptions {
  readonly scheduler: Scheduler
  readonly stream: PrngStream
  readonly workload: Scenario['workload']
  /** No message is sent after this moment, so that the last ones can still be answered. */
  readonly untilMs: number
  deliver(command: IncomingCommand): void
}

/** People in a group who take turns. */
const GROUP_MEMBERS = 5

export function startWorkload(options: WorkloadOptions): void {
  let sent = 0
  const send = (): void => options.deliver(drawCommand(options, ++sent))
  scheduleNext(options, send, 0)
  for (const burst of options.workload.bursts) {
    const everyMs = burst.forMs / burst.count
    for (let index = 0; index < burst.count; index += 1) {
      const atMs = Math.floor(burst.atMs + index * everyMs)
      options.scheduler.scheduleHousekeeping('workload.burst', atMs, send)
    }
  }
}

/** The next message comes within its own ten seconds, at a drawn moment. */
function scheduleNext(options: WorkloadOptions, send: () => void, slot: number): void {
  const { scheduler, stream } = options
  const slotStartMs = slot * MESSAGE_EVERY_MS
  if (slotStartMs + MESSAGE_EVERY_MS > options.untilMs) return
  const atMs = slotStartMs + stream.integer(0, MESSAGE_EVERY_MS - 1)
  scheduler.scheduleHousekeeping('workload', Math.max(0, atMs - scheduler.nowMs), () => {
    if (!isQuiet(options.workload, atMs)) send()
    scheduleNext(options, send, slot + 1)
  })
}

function isQuiet(workload: Scenario['workload'], atMs: number): boolean {
  const { quiet } = workload
  return quiet !== undefined && atMs >= quiet.atMs && atMs < quiet.atMs + quiet.forMs
}

function drawCommand({ stream, workload }: WorkloadOptions, token: number): IncomingCommand {
  const isOnce = workload.onceEvery !== undefined && token % workload.onceEvery === 0
  const text = isOnce ? `.once ${token}` : `.ping ${token}`
  const pick = stream.integer(0, workload.directChats + workload.groups - 1)
  if (pick < workload.directChats) {
    return { chat: `4915${String(pick).padStart(8, '0')}@s.whatsapp.net`, participant: '', text }
  }
  const group = pick - workload.directChats
  const member = stream.integer(0, GROUP_MEMBERS - 1)
  return {
    chat: `12036300000000${String(group).padStart(4, '0')}@g.us`,
    participant: `4916${String(member).padStart(8, '0')}@s.whatsapp.net`,
    text,
  }
}
