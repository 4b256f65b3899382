/** A boot on this machine itself: a copy of the app's folder, and processes that are found by their mark. */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { copyApp, wipe } from '../app-copy.ts'
import { bootMark, dynoEnvironment, environmentParts } from '../dyno-environment.ts'
import { signalAll, signalQuietly } from '../dyno-processes.ts'
import type { DynoSite } from '../dyno-site.ts'
import { DynoTree } from '../dyno-tree.ts'
import { startWebProcess } from '../web-process.ts'
import type { DynoHousing, HousingStart, RunningDyno } from './dyno-housing.ts'

/** So that what has no leader has no members. */
const NO_PID = -1

export class ProcessHousing implements DynoHousing {
  readonly #site: DynoSite
  readonly #bootNumber: number
  readonly #folder: string
  #appFolder: string

  constructor(site: DynoSite, bootNumber: number) {
    this.#site = site
    this.#bootNumber = bootNumber
    this.#folder = join(site.workFolder, `boot-${bootNumber}`)
    this.#appFolder = site.appFolder
  }

  async prepare(): Promise<void> {
    const { appFolder, copy } = this.#site
    this.#appFolder = appFolder
    mkdirSync(join(this.#folder, 'tmp'), { recursive: true })
    if (copy === 'none') return
    this.#appFolder = join(this.#folder, 'app')
    await copyApp({ source: appFolder, target: this.#appFolder, isFullCopy: copy === 'full' })
  }

  start({ port, onLine, onExit }: HousingStart): Promise<RunningDyno> {
    const place = {
      folder: this.#appFolder,
      temporaryFolder: join(this.#folder, 'tmp'),
      path: process.env['PATH'] ?? '/usr/bin:/bin',
    }
    const web = startWebProcess({
      command: this.#site.command,
      cwd: this.#appFolder,
      env: dynoEnvironment(environmentParts(this.#site, this.#bootNumber, port), place),
      onLine,
      onExit,
    })
    const mark = bootMark(this.#site, this.#bootNumber).join('=')
    const processes = new DynoTree({ leaderPid: web.pid ?? NO_PID, mark })
    return Promise.resolve({
      pid: web.pid,
      place: this.#appFolder,
      processes,
      kill: () => {
        signalAll(processes, 'SIGKILL')
        if (web.pid !== undefined) signalQuietly(web.pid, 'SIGKILL')
      },
      lastWords: () => web.close(),
    })
  }

  dispose(): Promise<void> {
    return wipe(this.#folder)
  }
}
