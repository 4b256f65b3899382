/** What the lines on stdin do to a running simulation. */

import type { HerokuSim } from '../heroku-sim.ts'

export const COMMAND_HELP = 'restart, deploy, cycle, kill, scale 0, scale 1, ps, quit'

/** Does what the line says; answers what to tell the person, or `quit`. */
export function obey(sim: HerokuSim, line: string): string | undefined {
  switch (line.trim().replace(/\s+/g, ' ')) {
    case '':
      return undefined
    case 'restart':
      return silent(() => sim.restart())
    case 'deploy':
      return silent(() => sim.deploy())
    case 'cycle':
      return silent(() => sim.cycle())
    case 'kill':
      return silent(() => sim.killNow())
    case 'scale 0':
      return silent(() => void sim.scale(0))
    case 'scale 1':
      return silent(() => void sim.scale(1))
    case 'ps': {
      const last = sim.record.samples.at(-1)
      const memory = last === undefined ? 'no sample yet' : `${last.memoryMb}M (${last.percent.toFixed(1)}%)`
      return `web.1: ${sim.state}, ${memory}`
    }
    case 'quit':
      return 'quit'
    default:
      return `unknown command; known are: ${COMMAND_HELP}`
  }
}

function silent(action: () => void): undefined {
  action()
}
