/** Targets in processes of their own, without a dyno around them: a fake WhatsApp, a folder, and what they print. */

import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { TestContext } from 'vitest'
import { freePort } from '../../sim/free-port.ts'
import { commandOf } from '../../sim/dyno/real/web-command.ts'
import { startWebProcess } from '../../sim/dyno/real/web-process.ts'
import { PreloadReports } from '../../sim/targets/real/preload-reports.ts'
import type { PreloadReport } from '../../sim/targets/real/preload-reports.ts'
import type { RealPlaces, RealTarget } from '../../sim/targets/real/real-target.ts'
import { startFakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { FakeWhatsApp } from '../../sim/whatsapp/fake-whatsapp.ts'
import type { Account } from '../../sim/whatsapp/people/account.ts'
import { COMPILE_CACHE } from '../support/compile-cache.ts'

/** Generous: the machine may be busy. */
export const PATIENCE_MS = 25_000

/** What belongs to one test; of tests that run beside each other each hands over its own. */
export type TestLife = Pick<TestContext, 'expect' | 'onTestFinished'>

export interface TargetBench {
  readonly expect: TestLife['expect']
  readonly whatsapp: FakeWhatsApp
  readonly account: Account
  readonly places: RealPlaces
  /** Starts it in a new working folder, as a dyno does, unless one is given. */
  boot(target: RealTarget, options?: BootOptions): RunningTarget
  report(): PreloadReport
}

export interface BootOptions {
  readonly settings?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export interface RunningTarget {
  readonly lines: readonly string[]
  readonly ended: Promise<number>
  /** SIGKILL to all of its processes; resolves when the first has ended. */
  kill(): Promise<number>
}

/** @param databaseUrl of those that need one */
export async function targetBench(
  databaseUrl = 'postgres://nobody@127.0.0.1:1/none',
  life: TestLife = { expect, onTestFinished },
): Promise<TargetBench> {
  const whatsapp = await startFakeWhatsApp()
  life.onTestFinished(() => whatsapp.close())
  const reports = new PreloadReports()
  whatsapp.addRequestHandler(reports.handle)
  const account = whatsapp.addAccount()
  const stateFolder = temporaryFolder(life)
  const places = {
    databaseUrl,
    whatsappUrl: whatsapp.url,
    adminUrl: whatsapp.adminUrl,
    account: account.pn,
    sessionId: 'bench',
    stateFolder,
    nodeOptions: '',
  }
  return {
    expect: life.expect,
    whatsapp,
    account,
    places,
    boot: (target, options) => boot(target, places, life, options),
    report: () => reports.report,
  }
}

/**
 * A person writes until the bot answers: one that answers live messages only misses what waited for it. Every
 * message is another, so that an answer can be told.
 */
export async function expectAnswer(bench: TargetBench, word = 'one'): Promise<void> {
  const { whatsapp, account } = bench
  const anna = whatsapp.contacts[0] ?? whatsapp.addContact({ name: 'Anna' })
  let asked = 0
  const isAnswered = async (): Promise<boolean> => {
    asked += 1
    await anna.say(`.ping ${word} ${asked}`, { to: account })
    return anna.inbox.messages.some(({ text }) => text?.startsWith(`pong ${word} `) === true)
  }
  await bench.expect.poll(isAnswered, { timeout: PATIENCE_MS, interval: 500 }).toBe(true)
}

/** The target's log lines with this event. */
export function printed(lines: readonly string[], event: string): Readonly<Record<string, unknown>>[] {
  return lines
    .filter((line) => line.includes(`"${event}"`))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
}

export async function online({ account, expect: expectOf }: TargetBench): Promise<void> {
  const isOnline = (): boolean => account.linkedDevices.some(({ link }) => link !== undefined)
  await expectOf.poll(isOnline, { timeout: PATIENCE_MS }).toBe(true)
}

export function temporaryFolder(life: Pick<TestLife, 'onTestFinished'> = { onTestFinished }): string {
  const folder = mkdtempSync(join(tmpdir(), 'target-'))
  life.onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

function boot(
  target: RealTarget,
  places: RealPlaces,
  life: TestLife,
  options: BootOptions = {},
): RunningTarget {
  const command = commandOf(target.command)
  if (command === undefined) throw new Error('no command')
  const lines: string[] = []
  const { promise: ended, resolve } = Promise.withResolvers<number>()
  const cwd = options.cwd ?? temporaryFolder(life)
  const child = startLater()
  const kill = async (): Promise<number> => {
    const { pid } = await child
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    } catch {
      // Gone already, with all of its group.
    }
    return ended
  }
  life.onTestFinished(async () => void (await kill()))
  return { lines, ended, kill }

  async function startLater(): Promise<ReturnType<typeof startWebProcess>> {
    return startWebProcess({
      command: command as NonNullable<typeof command>,
      cwd,
      env: {
        PATH: process.env['PATH'] ?? '',
        PORT: `${await freePort()}`,
        HOME: cwd,
        TMPDIR: cwd,
        ...COMPILE_CACHE,
        ...target.environment(places),
        ...options.settings,
      },
      onLine: (line) => lines.push(line),
      onExit: resolve,
    })
  }
}
