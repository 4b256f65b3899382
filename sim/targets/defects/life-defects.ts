/** Wrong ways to live: memory not seen or not given back, things that pile up, and ends that come or do not come. */

import type { BotPorts } from '../../../src/bot-ports.ts'
import type { MemoryProbe } from '../../../src/ports/memory-probe.ts'
import type { WhatsappConnector } from '../../../src/ports/whatsapp-socket.ts'
import type { RunningTarget, TargetContext } from '../target.ts'
import { withAccept, withConnect } from './defect.ts'

/** The dyno looks empty, whatever it holds. */
export function seeingNothing(probe: MemoryProbe): MemoryProbe {
  return { ...probe, sample: () => ({ ...probe.sample(), usedBytes: 1 }) }
}

/** Every step of a cleanup is gone through and logged, and none gives anything back. */
export function onlyLogging({ memoryProbe, reclaimers }: BotPorts): Partial<BotPorts> {
  return {
    memoryProbe: { ...memoryProbe, collectGarbage: () => true },
    reclaimers: reclaimers.map(({ name, cost }) => ({ name, cost, reclaim: () => undefined })),
  }
}

const SHED_EVERY_MS = 2_000

/** Above `fromBytes` the cheapest cache is given up, again and again, and that is all. */
export function sheddingOneCache(ports: BotPorts, fromBytes: number): Partial<BotPorts> {
  const { clock, memoryProbe, reclaimers } = ports
  clock.setTimer('shed', SHED_EVERY_MS, () => {
    if (memoryProbe.sample().usedBytes > fromBytes) void reclaimers[0]?.reclaim()
    sheddingOneCache(ports, fromBytes)
  })
  return {}
}

const FOREVER_MS = 30 * 24 * 3_600_000

/** A timer a message that is never cancelled, under one label or each under its own. */
export function leakingTimers({ connector, clock }: BotPorts, label: () => string): WhatsappConnector {
  return withAccept(connector, (message, sound) => {
    clock.setTimer(label(), FOREVER_MS, () => undefined)
    return sound(message)
  })
}

export function terminateLate(sound: RunningTarget, { ports }: TargetContext, delayMs: number): void {
  ports.clock.setTimer('late-stop', delayMs, () => sound.terminate())
}

/** The process leaves by itself after so long. */
export function leavingAfter({ clock, exit, connector }: BotPorts, delayMs: number): Partial<BotPorts> {
  clock.setTimer('leave', delayMs, () => exit.exit('recycle'))
  return { connector }
}

/** Each connection is ended after so long. */
export function endingAfter({ clock, connector }: BotPorts, delayMs: number): WhatsappConnector {
  return withConnect(connector, (options) => {
    const socket = connector.connect(options)
    clock.setTimer('end', delayMs, () => void socket.end())
    return socket
  })
}

/** One log line comes so much later; negative: never. */
export function sayingLate({ logger, clock }: BotPorts, event: string, delayMs: number): BotPorts['logger'] {
  return {
    ...logger,
    error: (said, fields) => say(said, () => logger.error(said, fields)),
    warn: (said, fields) => say(said, () => logger.warn(said, fields)),
    info: (said, fields) => say(said, () => logger.info(said, fields)),
  }

  function say(said: string, log: () => void): void {
    if (said !== event) log()
    else if (delayMs >= 0) clock.setTimer('say-late', delayMs, log)
  }
}
