/** The balloon's command line: starts a target with the agent in it, carries out one plan, ends the target. */

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { errorMessageOf } from '../../../src/errors.ts'
import { LabProblem, problemText } from '../../cli/lab-problem.ts'
import { readDynoMemory } from '../../dyno/real/dyno-memory-reading.ts'
import { signalAll, sweepAll } from '../../dyno/real/dyno-processes.ts'
import { DynoTree } from '../../dyno/real/dyno-tree.ts'
import { BalloonHub } from './balloon-hub.ts'
import { parseBalloonWords } from './balloon-words.ts'
import type { BalloonWords } from './balloon-words.ts'
import { RealBalloon } from './real-balloon.ts'

const EXIT = { done: 0, targetEnded: 1, usage: 2, noAgent: 5, notFound: 127 } as const
const CALL_IN_MS = 10_000
const REPORT_MS = 1_000
const GRACE_MS = 5_000
const MB_BYTES = 1_048_576

interface Target {
  readonly child: ChildProcess
  readonly tree: DynoTree
  /** Its exit code; 127 when there is no such program. */
  readonly ended: Promise<number>
}

async function main(): Promise<number> {
  const words = parseBalloonWords(process.argv.slice(2), (text) => void process.stdout.write(text))
  if (words === undefined) return EXIT.done
  const hub = new BalloonHub()
  await hub.start()
  const target = startTarget(words, hub)
  const interrupted = new Promise<number>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve(130))
  })
  try {
    return await Promise.race([carryOut(words, hub, target), interrupted, afterEnd(target)])
  } finally {
    await endTarget(target)
    await hub.stop()
  }
}

async function afterEnd({ ended }: Target): Promise<number> {
  const code = await ended
  say(code === EXIT.notFound ? 'the command was not found' : `the target has ended with ${code}`)
  return code === EXIT.notFound ? EXIT.notFound : EXIT.targetEnded
}

function startTarget({ command }: BalloonWords, hub: BalloonHub): Target {
  const mark = `BALLOON_TARGET=${randomUUID()}`
  const [markName = '', markValue = ''] = mark.split('=')
  const [file, ...args] = command
  const child = spawn(file, args, {
    env: { ...process.env, ...hub.environment(process.env['NODE_OPTIONS']), [markName]: markValue },
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(EXIT.notFound))
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)))
  })
  return { child, ended, tree: new DynoTree({ leaderPid: child.pid ?? -1, mark }) }
}

async function carryOut(words: BalloonWords, hub: BalloonHub, target: Target): Promise<number> {
  const { process: wanted, plan } = words
  const agent = await hub
    .find(({ hello }) => wanted === undefined || hello.argv.join(' ').includes(wanted), CALL_IN_MS)
    .catch(() => undefined)
  if (agent === undefined) {
    throw new LabProblem({
      what: `no ${wanted === undefined ? 'process' : `process with "${wanted}"`} has called in within 10 s`,
      where: words.command.join(' '),
      mend: 'the target must run Node 20 or newer and keep NODE_OPTIONS of its environment',
      exitCode: EXIT.noAgent,
    })
  }
  const balloon = new RealBalloon({ plan, agent: () => (agent.isConnected ? agent : undefined) })
  const startMs = performance.now()
  balloon.start()
  const report = setInterval(() => {
    const { usedBytes } = readDynoMemory(target.tree.living())
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(1)
    say(
      `${seconds} s: ${mb(balloon.heldBytes)} of ${plan.kind} in process ${agent.pid}, all processes ${mb(usedBytes)}`,
    )
  }, REPORT_MS)
  await balloon.done
  // A leak is held as long as was asked for; the other shapes hold by themselves.
  if (plan.shape === 'leak') await delay(plan.holdMs)
  clearInterval(report)
  balloon.stop()
  const { memory } = await agent.report()
  say(
    `done: peak ${mb(balloon.peakBytes)}, now ${mb(balloon.heldBytes)}; RSS of the process ${mb(memory.rss)}`,
  )
  return EXIT.done
}

async function endTarget({ child, tree, ended }: Target): Promise<void> {
  if (child.pid === undefined) return
  signalAll(tree, 'SIGTERM')
  await Promise.race([ended, delay(GRACE_MS, undefined, { ref: false })])
  await sweepAll(tree)
}

function mb(bytes: number): string {
  return `${(bytes / MB_BYTES).toFixed(1)} MB`
}

function say(text: string): void {
  process.stderr.write(`balloon: ${text}\n`)
}

function failed(error: unknown): number {
  if (!(error instanceof LabProblem)) {
    process.stderr.write(`balloon: ${errorMessageOf(error)}\n`)
    return EXIT.noAgent
  }
  process.stderr.write(problemText({ what: error.message, where: error.where, mend: error.mend }))
  return error.exitCode
}

process.exit(await main().catch(failed))
