import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { InfrastructureError } from '../../../sim/infrastructure-error.ts'
import { lab, StandInPostgres } from './support/stand-in-lab.ts'

describe('list', () => {
  it('shows each scenario under its family with what it proves', async () => {
    const { exitCode, out } = await lab('list')
    expect(exitCode).toBe(0)
    expect(out).toMatch(
      /\ndisconnect-storm\n {2}disconnect-storm\/sound +1\.0 h +model +what a run called sound/,
    )
  })

  it('lists as JSON', async () => {
    const { out } = await lab('list --json')
    const listed = z.object({ scenarios: z.array(z.unknown()) }).parse(JSON.parse(out))
    expect(listed.scenarios).toHaveLength(8)
    expect(listed.scenarios[0]).toMatchObject({
      id: 'disconnect-storm/sound',
      family: 'disconnect-storm',
      durationMs: 3_600_000,
      claims: { always: ['single-socket'] },
    })
  })
})

describe('doctor', () => {
  it('says what --postgres auto would take', async () => {
    const postgres = new StandInPostgres()
    const { exitCode, out } = await lab('doctor', { postgres })
    expect(exitCode).toBe(0)
    expect(out).toMatch(/Docker +no +no Docker engine answers/)
    expect(out).toMatch(/DATABASE_URL +no +not set/)
    expect(out).toMatch(/--postgres auto +yes +would take the stand-in 18\.4/)
    expect(postgres.stopped).toBeGreaterThanOrEqual(1)
  })

  it('prefers a container where the image is present', async () => {
    const docker = { subject: 'docker', isUsable: true, detail: 'image postgres:17-alpine' }
    const { out } = await lab('doctor', { docker })
    expect(out).toContain('would take a container (image postgres:17-alpine)')
  })

  it('exits 5 when nothing can serve Postgres', async () => {
    const postgres = new StandInPostgres()
    postgres.failure = new InfrastructureError('it is not installed', 'run npm ci')
    const { exitCode, out } = await lab('doctor', { postgres, databaseUrl: 'postgres://gone/x' })
    expect(exitCode).toBe(5)
    expect(out).toMatch(/embedded Postgres +no +it is not installed; run npm ci/)
    expect(out).toMatch(/DATABASE_URL +no /)
  })
})

describe('help', () => {
  it.each(['--help', 'run --help', 'replay --help'])(
    '%s explains the exit codes and ends with 0',
    async (words) => {
      const { exitCode, out, err } = await lab(words)
      expect(exitCode).toBe(0)
      expect(err).toBe('')
      expect(out).toContain('4 not deterministic')
    },
  )
})
