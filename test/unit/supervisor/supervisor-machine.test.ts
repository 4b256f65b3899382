/** The supervisor's decisions, one by one, and over any order of events. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChildExit } from '../../../src/ports/child-process.ts'
import { NO_STARTS } from '../../../src/supervisor/restart-policy.ts'
import { MAX_UNSPAWNABLE, transition } from '../../../src/supervisor/supervisor-machine.ts'
import type {
  SupervisorEffect,
  SupervisorEvent,
  SupervisorMachine,
} from '../../../src/supervisor/supervisor-machine.ts'

const SETTINGS = {
  quickDelayMs: 500,
  law: { baseMs: 2_000, capMs: 120_000 },
  stableUptimeMs: 120_000,
  windowMs: 600_000,
  maxStartsPerWindow: 12,
}
const NEW: SupervisorMachine = { state: { status: 'waiting' }, restarts: NO_STARTS, unspawnable: 0 }
const CRASH: ChildExit = { exitCode: 1, signal: undefined, spawnError: undefined }
const RECYCLE: ChildExit = { ...CRASH, exitCode: 75 }
const KILLED: ChildExit = { exitCode: undefined, signal: 'SIGKILL', spawnError: undefined }
const REFUSED: ChildExit = { exitCode: undefined, signal: undefined, spawnError: 'EAGAIN' }

/** All effects of these events, one after another. */
function play(events: readonly SupervisorEvent[]): {
  machine: SupervisorMachine
  effects: SupervisorEffect[]
} {
  let machine = NEW
  const effects: SupervisorEffect[] = []
  for (const event of events) {
    const step = transition(machine, event, { nowMs: 1_000, random: { next: () => 0 }, settings: SETTINGS })
    machine = step.machine
    effects.push(...step.effects)
  }
  return { machine, effects }
}

function names(events: readonly SupervisorEvent[]): string[] {
  return play(events).effects.map((effect) => {
    if (effect.type === 'ask') return `ask ${effect.what}`
    if (effect.type === 'wait') return `wait ${effect.kind}`
    return effect.type === 'leave' ? `leave ${effect.reason}` : effect.type
  })
}

const START: SupervisorEvent = { type: 'start-due' }

describe('the supervisor', () => {
  it.each([
    ['crashed', CRASH],
    ['recycled', RECYCLE],
    ['stopped', { ...CRASH, exitCode: 0 }],
    ['crashed', KILLED],
  ] as const)('starts a new bot after one that %s by itself', (kind, exit) => {
    expect(names([START, { type: 'ended', exit }, START])).toEqual(['spawn', `wait ${kind}`, 'spawn'])
  })

  it('kills a bot that hangs, and starts the next only after its end', () => {
    expect(names([START, { type: 'hung' }, START])).toEqual(['spawn', 'kill'])
    expect(names([START, { type: 'hung' }, { type: 'ended', exit: KILLED }])).toEqual([
      'spawn',
      'kill',
      'wait hung',
    ])
  })

  it('asks a bot above its memory for a recycle, and kills it when it does not end', () => {
    const events: SupervisorEvent[] = [START, { type: 'memory', order: 'recycle' }, { type: 'patience-over' }]
    expect(names(events)).toEqual(['spawn', 'ask recycle', 'kill'])
    expect(names([...events, { type: 'ended', exit: RECYCLE }]).at(-1)).toBe('wait memory')
  })

  it('kills at once when memory asks for it, and no second time', () => {
    const kill: SupervisorEvent = { type: 'memory', order: 'kill' }
    expect(names([START, kill, kill, kill])).toEqual(['spawn', 'kill'])
  })

  it('asks the bot to stop at the first SIGTERM, and ignores the second', () => {
    const terminate: SupervisorEvent = { type: 'terminate' }
    const ended: SupervisorEvent = { type: 'ended', exit: { ...CRASH, exitCode: 0 } }
    expect(names([START, terminate, terminate, ended, terminate])).toEqual([
      'spawn',
      'ask terminate',
      'leave stopped',
    ])
  })

  it('leaves at once when SIGTERM finds no bot', () => {
    expect(names([START, { type: 'ended', exit: CRASH }, { type: 'terminate' }, START])).toEqual([
      'spawn',
      'wait crashed',
      'leave stopped',
    ])
  })

  it('kills a bot that does not stop after SIGTERM, and says so by its exit', () => {
    const events: SupervisorEvent[] = [START, { type: 'terminate' }, { type: 'patience-over' }]
    expect(names([...events, { type: 'ended', exit: KILLED }])).toEqual([
      'spawn',
      'ask terminate',
      'kill',
      'leave bot-killed',
    ])
  })

  it('leaves the dyno when the system does not end what was killed', () => {
    expect(names([START, { type: 'hung' }, { type: 'unkillable' }]).at(-1)).toBe('leave system')
  })

  it('leaves the dyno when the system refuses start after start', () => {
    const refused: SupervisorEvent[] = [START, { type: 'ended', exit: REFUSED }]
    const often = (times: number): SupervisorEvent[] => Array.from({ length: times }, () => refused).flat()
    expect(names(often(MAX_UNSPAWNABLE - 1)).at(-1)).toBe('wait unspawnable')
    expect(names(often(MAX_UNSPAWNABLE)).at(-1)).toBe('leave system')
  })
})

const anyExit = fc.constantFrom(CRASH, RECYCLE, KILLED, REFUSED, { ...CRASH, exitCode: 0 })
const anyEvent: fc.Arbitrary<SupervisorEvent> = fc.oneof(
  fc.constant<SupervisorEvent>({ type: 'start-due' }),
  anyExit.map((exit): SupervisorEvent => ({ type: 'ended', exit })),
  fc.constantFrom<SupervisorEvent>(
    { type: 'hung' },
    { type: 'memory', order: 'recycle' },
    { type: 'memory', order: 'kill' },
    { type: 'patience-over' },
    { type: 'unkillable' },
    { type: 'terminate' },
  ),
)

describe('over any order of events', () => {
  it('never do two bots live, and after it has left nothing happens', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        let machine = NEW
        let living = 0
        let hasLeft = false
        for (const event of events) {
          // A child can only end while there is one.
          if (event.type === 'ended' && living === 0) continue
          if (event.type === 'ended') living -= 1
          const context = { nowMs: 0, random: { next: () => 0 }, settings: SETTINGS }
          const step = transition(machine, event, context)
          machine = step.machine
          expect(hasLeft && step.effects.length > 0).toBe(false)
          for (const effect of step.effects) {
            if (effect.type === 'spawn') living += 1
            if (effect.type === 'leave') hasLeft = true
            // Nobody is asked or killed who does not live.
            const isMeant = effect.type === 'ask' || effect.type === 'kill'
            expect(isMeant && living !== 1).toBe(false)
          }
          expect(living).toBeLessThanOrEqual(1)
        }
      }),
    )
  })
})
