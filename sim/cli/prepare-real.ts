/** What a command does before runs at the real level: which scenarios can run there, and the bot compiled. */

import type { Level, Scenario } from '../scenario.ts'
import type { DynoKind } from '../dyno/real/housing/dyno-kind.ts'
import { BOT_IMAGE } from '../targets/real/our-bot.ts'
import { realTargetFrom } from '../targets/real/real-targets.ts'
import { TARGETS } from '../world/run-result.ts'
import type { TargetOptions } from '../world/run-result.ts'
import type { LabEnvironment } from './lab-environment.ts'
import { LabProblem } from './lab-problem.ts'

const MINUTE_MS = 60_000

/**
 * Builds our own bot, where that is what runs, and its image, where it runs in that. Of another image it sees that it
 * is there, and an engine to run it: now, rather than once for each run.
 * @throws InfrastructureError when it cannot be built, or is not there; Interrupted
 */
export async function prepareReal(
  { engine, terminal, lifetime }: LabEnvironment,
  target: string,
  image?: string,
): Promise<void> {
  const isBuilt = target === 'bot' && (image === undefined || image === BOT_IMAGE)
  if (image !== undefined && !isBuilt) {
    const without = target === 'bot' ? '--dyno process' : '--target-folder in place of --target-image'
    await lifetime.unlessInterrupted(engine.checkImage(image, without))
  }
  if (!isBuilt) return
  const say = (line: string): void => terminal.writeError(`${terminal.colors.dim(line)}\n`)
  if (image === undefined) await lifetime.unlessInterrupted(engine.buildBot(say))
  else await lifetime.unlessInterrupted(engine.buildBotImage(say))
}

export interface DynoWords {
  readonly target: string
  readonly dyno?: DynoKind['kind']
  readonly targetImage?: string
}

/** The image that the words ask for; our own bot has one. @throws LabProblem when they contradict each other */
export function targetImageOf({ target, dyno, targetImage }: DynoWords): string | undefined {
  if (targetImage?.trim() === '') {
    throw new LabProblem({
      what: 'an image needs a name',
      where: '--target-image ""',
      mend: 'give the one that `docker images` shows, as my-bot:1, or leave the option out',
    })
  }
  if (dyno === 'process' && targetImage !== undefined) {
    throw new LabProblem({
      what: 'an image runs in a container only',
      where: `--dyno process --target-image ${targetImage}`,
      mend: 'leave out either of the two',
    })
  }
  if (dyno !== 'container' || targetImage !== undefined) return targetImage
  if (target === 'bot') return BOT_IMAGE
  throw new LabProblem({
    what: `${target} has no image`,
    where: `--dyno container --target "${target}"`,
    mend: 'name the image that holds it: --target-image <image>',
  })
}

/**
 * Of what was selected, what runs at the level: at the real one, what has a part for it; at the others, what is not
 * for the real one alone. Without a level all run at their own, but of the real ones only those that are named.
 * @param selectors words that named them
 * @throws LabProblem when one that is named by its own id cannot run there, or none can
 */
export function scenariosAt(
  level: Level | undefined,
  selected: readonly Scenario[],
  selectors: readonly string[],
): Scenario[] {
  const isNamed = ({ id }: Scenario): boolean => selectors.includes(id)
  const runs = (scenario: Scenario): boolean => {
    if (level === 'real') return scenario.real !== undefined
    return scenario.defaultLevel !== 'real' || (level === undefined && isNamed(scenario))
  }
  const able = selected.filter(runs)
  const unable = selected.find((scenario) => !runs(scenario) && isNamed(scenario))
  if (unable === undefined && able.length > 0) return able
  throw new LabProblem({
    what: `${unable?.id ?? 'none of these scenarios'} does not run at level ${level ?? 'model or virtual'}`,
    where: ['run', ...selectors, ...(level === undefined ? [] : ['--level', level])].join(' '),
    mend: '`npm run lab -- list` shows at which levels each one runs',
  })
}

/** @throws LabProblem for a target that the level does not know, and for a command that cannot be run */
export function checkTarget(target: string, isReal: boolean, options: TargetOptions): void {
  if (isReal) {
    realTargetFrom(target, { ...options, path: process.env['PATH'] ?? '' })
    return
  }
  const known: readonly string[] = TARGETS
  if (known.includes(target) && options.envFile === undefined && options.image === undefined) return
  throw new LabProblem({
    what: known.includes(target)
      ? 'a target of the virtual world takes neither variables nor an image'
      : `unknown target "${target}"`,
    where: `--target ${target}`,
    mend: `at a virtual level there are ${known.join(', ')}; at --level real also any command`,
  })
}

/** The same time lines, and ordinary life afterwards until so many minutes are over: what grows slowly needs time. */
export function lastingMinutes(scenarios: readonly Scenario[], minutes: number | undefined): Scenario[] {
  return scenarios.map((scenario) => {
    const { real } = scenario
    if (real === undefined || minutes === undefined) return scenario
    return { ...scenario, real: { ...real, durationMs: Math.max(real.durationMs, minutes * MINUTE_MS) } }
  })
}
