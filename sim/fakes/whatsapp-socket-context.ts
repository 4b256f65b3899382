/** What all sockets of one process share. */

import type { SecureRandom } from '../../src/ports/secure-random.ts'
import type { PrngStream } from '../world/prng.ts'
import type { ScheduledEvent, Scheduler } from '../world/scheduler.ts'
import type { VirtualProcess } from '../world/virtual-process.ts'
import type { WhatsappServer } from './whatsapp-server.ts'
import type { AdapterKind } from './whatsapp-session-keys.ts'

export interface SocketContext {
  readonly server: WhatsappServer
  readonly scheduler: Scheduler
  readonly process: VirtualProcess
  readonly stream: PrngStream
  readonly secureRandom: SecureRandom
  readonly adapter: AdapterKind
}

/** Runs `action` inside the process after so long in world time, or never when the process is gone. */
export function afterMs(
  context: SocketContext,
  label: string,
  delayMs: number,
  action: () => void,
): ScheduledEvent {
  return context.scheduler.schedule(label, delayMs, () => context.process.deliver(action))
}
