import { defineScenario } from '../../sim/scenario.ts'
import { MINUTE_MS, SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

/**
 * A mute connection first, which its probe finds out, and then one that confirms everything, which only the phone's
 * missing answer does: in this order the second cannot mend what a bot missed of the first. On real processes only the
 * second, harder kind.
 */
export const deafSession = defineScenario({
  id: 'disconnect-storm/deaf-session',
  family: 'disconnect-storm',
  proves:
    'a connection that answers pings but delivers nothing is found out and replaced within the hour, ' +
    'whether it confirms what the bot sends or not',
  durationMs: 130 * MINUTE_MS,
  faults: [
    { kind: 'deaf', isMute: true, atMs: 15 * MINUTE_MS, jitterMs: 5 * MINUTE_MS },
    { kind: 'deaf', atMs: 75 * MINUTE_MS, jitterMs: 5 * MINUTE_MS },
  ],
  claims: {
    always: [...SOUND],
    eventually: [
      { claim: 'connected', withinMs: 45 * MINUTE_MS },
      { claim: 'all-answered', withinMs: 45 * MINUTE_MS },
    ],
    sometimes: [{ event: 'wa.close', atLeast: 2 }, { event: 'log.connection.phone-unheard' }],
  },
  real: {
    durationMs: 200 * SECOND_MS,
    // In production half an hour without a message arouses suspicion.
    settings: { ...SHORT_WAITS, CONNECTION_CHECK_INTERVAL: '5000', CONNECTION_QUIET_MS: '45000' },
    messageEveryMs: 10_000,
    faults: [{ kind: 'deaf', atMs: 20 * SECOND_MS }],
    claims: {
      always: [...SOUND],
      eventually: [
        { claim: 'connected', withinMs: 120 * SECOND_MS },
        { claim: 'all-answered', withinMs: 120 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.open', atLeast: 2 }, { event: 'log.connection.phone-unheard' }],
    },
  },
})
