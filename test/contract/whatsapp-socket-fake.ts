/** The in-process WhatsApp, in its virtual time, for the contract of sockets. */

import { CLOSE_REPORTS, connectionFailure, streamErrored } from '../../sim/fakes/whatsapp-rules.ts'
import { WORLD_EPOCH_MS } from '../../sim/world/dyno-clock.ts'
import type { CloseReport } from '../../src/ports/whatsapp-socket.ts'
import { StoredSession, World } from '../unit/sim/fakes/whatsapp-world.ts'
import type { OpenEnd, SocketWorld } from './whatsapp-socket.contract.ts'

const CONTACT = 'anna@s.whatsapp.net'
const STEP_MS = 50
const PATIENCE_MS = 120_000
/** Longer than a round trip and a phone's thinking, shorter than a keep-alive. */
const SETTLE_MS = 3_000

const END_REPORTS: Readonly<Record<Exclude<OpenEnd, 'unlinked'>, CloseReport>> = {
  'transport-closed': CLOSE_REPORTS.terminated,
  restart: CLOSE_REPORTS.restartRequired,
  conflict: CLOSE_REPORTS.conflict,
  unavailable: streamErrored(503),
  'stream-error': streamErrored(500),
}

export function fakeWorld(): Promise<SocketWorld> {
  const world = new World()
  const { faults } = world.server
  faults.phoneScans('never')
  let stored: StoredSession | undefined
  let keysBehaviour: 'commit' | 'hang' | 'fail' = 'commit'
  const bots: ReturnType<World['boot']>[] = []
  const session = (): StoredSession => (stored ??= new StoredSession(bots[0]?.connector.freshCreds() ?? {}))
  return Promise.resolve({
    link: () => {
      stored = new StoredSession(world.server.linkedCreds())
    },
    connect: (given) => {
      stored ??= new StoredSession(world.boot(new StoredSession({})).connector.freshCreds())
      const bot = world.boot(session())
      bot.keysBehaviour = keysBehaviour
      bots.push(bot)
      return Promise.resolve(bot.connector.connect({ auth: bot.auth, ...given }))
    },
    scan: () => faults.phoneScans('after', 0),
    contact: CONTACT,
    say: (text) => void world.server.deliver({ chat: CONTACT, text }),
    heard: () => [...world.server.truth.outgoing.values()].map(({ text }) => text),
    phone: (is) => faults.phoneIs(is),
    ownerSays: (text, on) =>
      void world.server.deliver({
        chat: CONTACT,
        text,
        isFromMe: true,
        isFromOtherDevice: on === 'other-device',
      }),
    nowMs: () => WORLD_EPOCH_MS + world.scheduler.nowMs,
    unacked: () => world.server.unackedCount,
    endOpen: (how) => {
      if (how === 'unlinked') faults.unlinkDevice()
      else faults.disconnect(END_REPORTS[how])
    },
    refuseLogins: (how) => faults.refuseLogins(typeof how === 'number' ? connectionFailure(how) : how),
    refuseMessages: (code) => faults.errorAck(code, 1),
    deafen: (how) => faults.setDeaf(how),
    blackHole: () => faults.stall('black-hole'),
    keyWrites: (how) => {
      keysBehaviour = how
      for (const bot of bots) bot.keysBehaviour = how
    },
    until: async (what, holds) => {
      for (let waitedMs = 0; !holds(); waitedMs += STEP_MS) {
        if (waitedMs > PATIENCE_MS) throw new Error(`not ${what} within ${PATIENCE_MS} virtual ms`)
        await world.runMs(STEP_MS)
      }
    },
    settle: () => world.runMs(SETTLE_MS),
    close: () => Promise.resolve(),
  })
}
