/**
 * `doctor`: what this machine offers the lab. It asks rather than guesses: the embedded Postgres is started
 * and stopped, the one by URL is connected to. Nothing is pulled or installed.
 */

import { freemem, totalmem } from 'node:os'
import { errorMessageOf } from '../../src/errors.ts'
import { doctorText } from '../report/doctor-report.ts'
import { InfrastructureError } from '../infrastructure-error.ts'
import { EXIT } from './exit-code.ts'
import type { ExitCode } from './exit-code.ts'
import type { Finding, LabEnvironment, PostgresKind } from './lab-environment.ts'

const MIN_NODE_MAJOR = 24
const MB = 1_048_576

/** @throws Interrupted */
export async function doctorCommand(environment: LabEnvironment): Promise<ExitCode> {
  const { engine, lifetime, terminal, databaseUrl } = environment
  const docker = await lifetime.unlessInterrupted(engine.inspectDocker())
  const embedded = await tryPostgres(environment, 'embedded')
  const byUrl =
    (databaseUrl ?? '') === ''
      ? { subject: 'DATABASE_URL', isUsable: false, detail: 'not set; only --postgres url needs it' }
      : { ...(await tryPostgres(environment, 'url')), subject: 'DATABASE_URL' }
  const choice = choiceOfAuto(docker, embedded)
  const findings: Finding[] = [
    ...machineFindings(environment.cores),
    { ...docker, subject: 'Docker' },
    { ...embedded, subject: 'embedded Postgres' },
    byUrl,
    {
      subject: '--postgres auto',
      isUsable: choice !== undefined,
      detail: choice ?? 'finds nothing to start',
    },
  ]
  terminal.write(doctorText(findings, terminal.colors))
  const canServe = docker.isUsable || embedded.isUsable || byUrl.isUsable
  return canServe ? EXIT.holds : EXIT.infrastructure
}

function machineFindings(cores: number): Finding[] {
  const { node } = process.versions
  return [
    {
      subject: 'Node',
      isUsable: Number.parseInt(node, 10) >= MIN_NODE_MAJOR,
      detail: `${node} (needs ${MIN_NODE_MAJOR} or newer)`,
    },
    { subject: 'cores', isUsable: true, detail: String(cores) },
    {
      subject: 'memory',
      isUsable: true,
      detail: `${Math.round(totalmem() / MB)} MB, ${Math.round(freemem() / MB)} MB free`,
    },
  ]
}

/** The same rule as the provider's: a container where the engine already holds the image, else embedded. */
function choiceOfAuto(docker: Finding, embedded: Finding): string | undefined {
  if (docker.isUsable) return `would take a container (${docker.detail})`
  return embedded.isUsable ? `would take the ${embedded.detail}` : undefined
}

async function tryPostgres(
  { engine, lifetime, databaseUrl }: LabEnvironment,
  kind: PostgresKind,
): Promise<Finding> {
  const starting = engine.startPostgres({
    kind,
    ...(databaseUrl === undefined || kind !== 'url' ? {} : { url: databaseUrl }),
    say: () => undefined,
  })
  const stop = async (): Promise<void> => {
    const started = await starting.catch(() => undefined)
    await started?.stop()
  }
  lifetime.own(stop)
  try {
    const { describe } = await lifetime.unlessInterrupted(starting)
    await lifetime.unlessInterrupted(stop())
    return {
      subject: kind,
      isUsable: true,
      detail: kind === 'url' ? `answers: Postgres ${describe}` : describe,
    }
  } catch (error) {
    if (!(error instanceof InfrastructureError)) throw error
    return { subject: kind, isUsable: false, detail: `${errorMessageOf(error)}; ${error.hint}` }
  }
}
