import { defineScenario } from '../../sim/scenario.ts'
import { MINUTE_MS, SECOND_MS, SOUND } from '../support.ts'

export const restartRequired515 = defineScenario({
  id: 'disconnect-storm/restart-required-515',
  family: 'disconnect-storm',
  proves:
    'after pairing by QR the one 515 is followed at once by a login with the paired credentials, already stored',
  durationMs: 30 * MINUTE_MS,
  isPaired: false,
  faults: [{ kind: 'store-latency', atMs: 0, forMs: 2 * MINUTE_MS, extraMs: 3_000 }],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 2 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 3 * MINUTE_MS },
    ],
    sometimes: [{ event: 'wa.qr' }, { event: 'wa.paired' }],
  },
  real: {
    durationMs: 55 * SECOND_MS,
    settings: { SEND_GAP_MS: '0' },
    messageEveryMs: 1_000,
    faults: [
      { kind: 'store-latency', atMs: 0, forMs: 25 * SECOND_MS, extraMs: 200 },
      { kind: 'dyno-restart', atMs: 30 * SECOND_MS },
    ],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 22 * SECOND_MS },
        { claim: 'all-answered', withinMs: 25 * SECOND_MS },
      ],
      sometimes: [
        { event: 'wa.qr' },
        { event: 'wa.paired' },
        { event: 'wa.close', where: { statusCode: 515 } },
      ],
    },
  },
})
