/** A Heroku simulation for tests: its app is targets/app.mjs, its limits are shortened, its leftovers counted. */

import { readFileSync, readdirSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, expect } from 'vitest'
import { OWNER_LABEL, hasImage, labelledContainers } from '../../sim/docker/docker-engine.ts'
import { HerokuSim, PLAIN_DYNO } from '../../sim/dyno/real/heroku-sim.ts'
import type { HerokuSimOptions } from '../../sim/dyno/real/heroku-sim.ts'
import type { DynoEvent } from '../../sim/dyno/real/dyno-event.ts'
import { SIM_LABEL } from '../../sim/dyno/real/housing/container-housing.ts'
import type { DynoKind } from '../../sim/dyno/real/housing/dyno-kind.ts'
import { commandOf } from '../../sim/dyno/real/web-command.ts'
import type { RealRules } from '../../sim/dyno/real/real-rules.ts'

export const TARGETS = join(import.meta.dirname, 'targets')
export const ON_THIS_MACHINE: DynoKind = { kind: 'process' }
/** Node and nothing of ours; see sim/dyno/real/image. */
export const IN_CONTAINER = { kind: 'container', image: 'blacksky-node:local', mounts: [TARGETS] } as const
/** Generous: the machine may be busy. */
export const PATIENCE_MS = 20_000

/** Quick enough for tests, and in the proportions of the real ones. */
const SHORT: Partial<RealRules> = {
  startGapMaxMs: 100,
  crashRestartMs: 50,
  terminationMs: 5_000,
  bootLimitMs: 15_000,
}

export async function startSim(
  way: string,
  options: Partial<HerokuSimOptions> & { readonly rules?: Partial<RealRules> } = {},
): Promise<HerokuSim> {
  const { dyno = ON_THIS_MACHINE } = options
  const app = dyno.kind === 'process' ? 'app.mjs' : join(TARGETS, 'app.mjs')
  const command = commandOf(['node', app, ...way.split(' ')])
  if (command === undefined) throw new Error('no command')
  const sim = new HerokuSim({
    ...PLAIN_DYNO,
    command,
    dyno,
    appFolder: TARGETS,
    configVars: {},
    copy: 'linked',
    hasDailyCycling: true,
    seed: 'test',
    onLine: () => undefined,
    onEvent: () => undefined,
    ...options,
    rules: { ...SHORT, ...options.rules },
  })
  onTestFinished(async () => {
    await sim.stopNow()
    expect(leftProcesses()).toEqual([])
    expect(leftFolders()).toEqual([])
    if (dyno.kind === 'container') expect(await leftContainers()).toEqual([])
  })
  await sim.start()
  return sim
}

/** Waits until the nth boot is up. */
export async function up(sim: HerokuSim, boot = 1): Promise<void> {
  await until(sim, (event) => event.kind === 'bound' && event.boot === boot)
}

export function until(sim: HerokuSim, isMet: (event: DynoEvent) => boolean): Promise<DynoEvent> {
  return sim.record.until(isMet, PATIENCE_MS)
}

export function texts(sim: HerokuSim, process = 'web.1'): string[] {
  return sim.record.lines.filter((line) => line.process === process).map((line) => line.text)
}

export interface Answer {
  readonly status: number
  readonly body: string
}

/** One request through the router, on a connection of its own. */
export function get(sim: HerokuSim, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port: sim.port, path, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body }))
      response.once('error', reject)
    })
    call.once('error', reject)
    call.end()
  })
}

/** Command lines of living processes that carry the mark of a simulation in the process `ownerPid`. */
export function leftProcesses(ownerPid = process.pid): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const environment = read(`/proc/${pid}/environ`)
      const isOurs =
        environment.includes('HEROKU_SIM_BOOT=') && environment.includes(`heroku-sim-${ownerPid}-`)
      return isOurs ? [read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')] : []
    })
}

export function leftFolders(ownerPid = process.pid): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`heroku-sim-${ownerPid}-`))
}

/** Of simulations in the process `ownerPid`, running or ended. */
export async function leftContainers(ownerPid = process.pid): Promise<string[]> {
  const found = await labelledContainers(SIM_LABEL)
  return found.flatMap(({ id, labels }) => (labels[OWNER_LABEL] === `${ownerPid}` ? [id] : []))
}

/**
 * Whether dynos can run in containers here: an engine answers and holds the image. With TEST_DYNO=container they
 * must, and their tests fail where they cannot.
 */
export async function canRunContainers(image: string = IN_CONTAINER.image): Promise<boolean> {
  return process.env['TEST_DYNO'] === 'container' || (await hasImage(image))
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
