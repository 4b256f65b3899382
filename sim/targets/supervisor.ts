/** Our supervisor as the first process of a virtual dyno: production's, nothing changed. */

import { supervisorSettings } from '../../src/dyno-settings.ts'
import { Supervisor } from '../../src/supervisor/supervisor.ts'
import type { SupervisorStart } from './target.ts'

/** The lab's dynos are as large as their quota says. */
const LIMITS = { containerLimitBytes: undefined, totalMemoryBytes: Number.MAX_SAFE_INTEGER }

export const startSupervisor: SupervisorStart = ({ ports, config, owner }) => {
  const supervisor = new Supervisor({
    ...ports,
    random: ports.random.stream('supervisor'),
    settings: supervisorSettings(config, LIMITS),
    botEnv: { SESSION_OWNER: owner },
  })
  supervisor.start()
  return { terminate: () => supervisor.terminate() }
}
