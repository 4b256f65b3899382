/** Dynos whose supervisor is broken on purpose, one for each rule of the claims about processes. */

import { broken } from './broken-bot.ts'
import type { BrokenBot } from './broken-bot.ts'
import * as life from './defects/life-defects.ts'
import * as supervisor from './defects/supervisor-defects.ts'

const HANGS = 'dyno-restart/bot-hangs'
const CRASHES = 'dyno-restart/bot-crash-loop'

export const supervisingBadly: readonly BrokenBot[] = [
  broken(
    'never-looks-after-the-bot',
    { breaks: ['hangs-ended'], says: /went on by itself after a hang/, in: HANGS },
    { supervisor: ({ clock }) => ({ clock: supervisor.neverLooking(clock) }) },
  ),
  broken(
    'kills-late-bots',
    { breaks: ['hangs-ended'], says: /was killed and did not hang/, in: 'dyno-restart/heartbeat-late' },
    {
      config: () => ({ botStallMs: 10_000 }),
      supervisor: (ports) => ({ spawner: supervisor.blindForCpu(ports) }),
    },
  ),
  broken(
    'kills-starved-bots',
    { breaks: ['hangs-ended'], says: /was killed and did not hang/, in: 'dyno-restart/starved-cpu' },
    { supervisor: (ports) => ({ spawner: supervisor.blindForCpu(ports) }) },
  ),
  broken(
    'does-not-await-the-end',
    { breaks: ['one-bot-a-dyno', 'single-socket'], says: /while .* still lives/, in: HANGS },
    { supervisor: (ports) => ({ spawner: supervisor.notAwaitingEnds(ports) }) },
  ),
  broken(
    'restarts-at-once',
    { breaks: ['restarts-in-bounds'], says: /ms too early/, in: CRASHES },
    { config: () => ({ botRestartBackoffBaseMs: 2, botRestartBackoffCapMs: 2 }) },
  ),
  broken(
    'knows-no-budget-of-starts',
    { breaks: ['restarts-in-bounds'], says: /starts in \d+ s/, in: CRASHES },
    {
      config: () => ({ botStartsPerWindow: 10_000 }),
      ports: (ports) => life.leavingAfter(ports, 20_000),
    },
  ),
  broken(
    'leaves-with-the-bot',
    { breaks: ['dyno-lives'], says: /exited by itself/, in: 'dyno-restart/recycle-under-traffic' },
    { supervisor: (ports) => ({ spawner: supervisor.leavingWithTheBot(ports) }) },
  ),
  broken(
    'kills-at-sigterm',
    { breaks: ['eventually connected'], says: /connected \d+ ms after/, in: 'dyno-restart/sigterm-twice' },
    { supervisor: (ports) => ({ spawner: supervisor.killingAtSigterm(ports) }) },
  ),
]
