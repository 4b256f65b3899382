/** A program: runs that leave rejections behind, each followed by a sound one; prints what each came to. */

import { defineScenario } from '../../../sim/scenario.ts'
import { bot } from '../../../sim/targets/bot.ts'
import type { Target, TargetContext } from '../../../sim/targets/target.ts'
import { runScenario } from '../../../sim/world/run.ts'

const scenario = defineScenario({
  id: 'dyno-restart/short',
  family: 'dyno-restart',
  proves: 'a minute of ordinary life',
  durationMs: 90_000,
  claims: { always: ['single-socket'] },
})

function botThat(act: (context: TargetContext) => void): Target {
  return {
    ...bot,
    start: (context) => {
      act(context)
      return bot.start(context)
    },
  }
}

/** At this moment a promise of the bot's is rejected, and nobody waits for it. */
function rejectAt({ ports }: TargetContext, atMs: number): void {
  ports.clock.setTimer('bug', atMs, () => void Promise.reject(new Error('nobody waits')))
}

const targets: readonly (Target | undefined)[] = [
  botThat((context) => rejectAt(context, 1_000)),
  undefined,
  // So late that only Node's own event loop tells of it, after the run.
  botThat((context) => rejectAt(context, 88_000)),
  undefined,
  // And with a question that ends the run, because no store understands it.
  botThat((context) => {
    rejectAt(context, 8_000)
    context.ports.clock.setTimer('nonsense', 8_000, () => {
      void context.ports.sessionStore.readKeys({ type: 'pre-key', ids: 7 as unknown as string[] })
    })
  }),
  undefined,
]
for (const target of targets) {
  const result = await runScenario(
    { scenario, level: 'model', seed: 1, target: 'bot' },
    { database: undefined, keepLines: 0, ...(target === undefined ? {} : { target }) },
  )
  const violations = result.violations.map(({ claim, message }) => `${claim}: ${message}`)
  process.stdout.write(`${JSON.stringify([result.verdict, ...violations])}\n`)
}
