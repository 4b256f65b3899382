import { defineScenario } from '../../sim/scenario.ts'
import type { ScenarioInput } from '../../sim/scenario.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

type Faults = NonNullable<ScenarioInput['faults']>
type Operation = 'recordInbound' | 'recordHandled'

/** One kind of write fails while all others succeed, and the process is killed in the middle of it. */
function killedWhileFailing(operation: Operation, minute: number): Faults {
  const atMs = minute * MINUTE_MS
  return [
    { ...FAILING, atMs, forMs: 50 * SECOND_MS, probability: 1, operations: [operation] },
    { kind: 'sigkill', atMs: atMs + 20 * SECOND_MS, jitterMs: 20 * SECOND_MS },
  ]
}

/** Most steps are saved late, and the process is killed as soon as an answer has been acknowledged. */
function killedBeforeTheStepIsSaved(minute: number): Faults {
  const atMs = minute * MINUTE_MS
  return [
    { ...FAILING, atMs, forMs: 2 * MINUTE_MS, probability: 0.85, operations: ['commit'] },
    { kind: 'signal-mid-write', signal: 'SIGKILL', operation: 'settleReply', atMs: atMs + SECOND_MS },
  ]
}

const FAILING = { kind: 'store-flaky', code: 'store-unavailable', isLanded: 'never' } as const

export const sigkillWhileAWriteFails = defineScenario({
  id: 'dyno-restart/sigkill-while-a-write-fails',
  family: 'dyno-restart',
  proves:
    'SIGKILL while one kind of write fails and all others succeed: nothing unsaved was sent or acknowledged',
  durationMs: HOUR_MS,
  // So few chats that each one speaks again right after the restart.
  workload: { directChats: 1, groups: 2 },
  faults: [
    ...[5, 10, 15, 20, 25, 30].flatMap(killedBeforeTheStepIsSaved),
    ...killedWhileFailing('recordInbound', 36),
    ...killedWhileFailing('recordHandled', 42),
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 3 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 5 * MINUTE_MS },
    ],
    sometimes: [{ event: 'dyno.sigkill', atLeast: 8 }],
  },
  real: {
    durationMs: 60 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 200,
    faults: [
      {
        kind: 'proxy',
        atMs: 8 * SECOND_MS,
        forMs: 2 * SECOND_MS,
        fault: { kind: 'reset-at-write', moment: 'unsent', times: 1_000 },
      },
      { kind: 'sigkill', atMs: 9 * SECOND_MS, jitterMs: SECOND_MS },
      {
        kind: 'proxy',
        atMs: 26 * SECOND_MS,
        forMs: 2 * SECOND_MS,
        fault: { kind: 'reset-at-write', moment: 'answered', times: 1_000 },
      },
      { kind: 'sigkill', atMs: 27 * SECOND_MS, jitterMs: SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 20 * SECOND_MS },
      ],
      sometimes: [{ event: 'dyno.sigkill', atLeast: 2 }],
    },
  },
})
