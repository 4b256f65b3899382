import { defineRealScenario } from '../../sim/scenario.ts'
import { SECOND_MS, SHORT_WAITS, SOUND } from '../support.ts'

export const historyFlood = defineRealScenario({
  id: '512mb-quota/history-flood',
  family: '512mb-quota',
  proves:
    'fifty thousand old messages, sent by the phone in one go, cost neither the quota nor a live message',
  real: {
    durationMs: 60 * SECOND_MS,
    settings: SHORT_WAITS,
    messageEveryMs: 500,
    faults: [{ kind: 'history-flood', atMs: 10 * SECOND_MS, chats: 200, messagesEach: 250 }],
    claims: {
      always: [...SOUND, 'undisturbed'],
      eventually: [
        { claim: 'connected', withinMs: 20 * SECOND_MS },
        { claim: 'all-answered', withinMs: 40 * SECOND_MS },
      ],
      sometimes: [{ event: 'wa.sent', atLeast: 50 }],
    },
  },
})
