/**
 * `npm run demo`: the demonstration, and then, on a terminal, a chat with the bot: each line that is typed is
 * Anna's, `restart` restarts the dyno, Ctrl-C ends everything. With `--once` it ends by itself.
 */

import { createInterface } from 'node:readline'
import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { EXIT } from '../cli/exit-code.ts'
import type { ExitCode } from '../cli/exit-code.ts'
import { Lifetime } from '../cli/lifetime.ts'
import { realEngine } from '../cli/real-engine.ts'
import { withLifetime } from '../cli/run-lab.ts'
import { endOnSignals } from '../cli/signals.ts'
import { createTerminal } from '../report/terminal.ts'
import type { BotChild } from './bot-child.ts'
import { openStage } from './stage.ts'
import type { Stage } from './stage.ts'
import { ask, runTour } from './tour.ts'

const program = new Command('npm run demo --')
  .description('shows the real bot on a WhatsApp of its own: linked by QR, talked to, restarted')
  .option('--once', 'end after the demonstration')
  .parse()
const lifetime = new Lifetime()
endOnSignals(lifetime, process.stdout, process.stderr)
const environment = {
  engine: realEngine,
  terminal: createTerminal(process.stdout, process.stderr, process.env),
  lifetime,
  directory: process.cwd(),
  databaseUrl: undefined,
  cores: availableParallelism(),
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function demonstrate(isOnce: boolean): Promise<ExitCode> {
  const stage = await openStage(lifetime)
  const bot = await lifetime.unlessInterrupted(runTour(stage, { tell, isTerminal: process.stdout.isTTY }))
  if (!isOnce && process.stdin.isTTY) await lifetime.unlessInterrupted(chat(stage, bot))
  return EXIT.holds
}

async function chat(stage: Stage, first: BotChild): Promise<void> {
  let bot = first
  tell('Now you are Anna: type a message (.ping, .help), or `restart`; Ctrl-C ends.')
  for await (const line of createInterface({ input: process.stdin })) {
    const text = line.trim()
    if (text === 'restart') {
      await bot.terminate()
      bot = stage.boot()
      await bot.open()
      tell('    restarted, and open')
    } else if (text.startsWith('.')) {
      await ask(stage, { who: stage.anna, where: stage.account, text }, tell).catch(() =>
        tell('    no answer'),
      )
    } else if (text !== '') {
      await stage.anna.say(text, { to: stage.account })
      tell('    (the bot answers commands only; they begin with a dot)')
    }
  }
}

process.exit(
  await withLifetime(environment, () => demonstrate(program.opts<{ once?: boolean }>().once === true)),
)
