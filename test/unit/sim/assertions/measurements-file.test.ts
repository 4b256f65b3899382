import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readMeasurements, writeMeasurements } from '../../../../sim/assertions/measurements-file.ts'
import { LabProblem } from '../../../../sim/cli/lab-problem.ts'
import { aRun } from './runs.ts'

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'measurements-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'main.json')
}

function problemOf(path: string): LabProblem {
  try {
    readMeasurements(path)
  } catch (error) {
    if (error instanceof LabProblem) return error
    throw error
  }
  throw new Error('it was taken')
}

it('gives back what was written', () => {
  const path = place()
  const runs = [aRun(), aRun({ seed: 2, qrScans: null, connections: null, replies: null, dyno: null })]
  writeMeasurements(path, runs)
  expect(readMeasurements(path)).toEqual(runs)
})

it.each([
  ['', 'the measurements are not whole JSON'],
  ['{"format":1,"runs":[', 'the measurements are not whole JSON'],
  ['{"runs":[]}', 'this is JSON, but not a file of measurements'],
  ['[]', 'this is JSON, but not a file of measurements'],
  ['{"format":2,"runs":[]}', 'these measurements have format 2, and this lab reads format 1 only'],
  ['{"format":1,"runs":[]}', 'runs:'],
  [JSON.stringify({ format: 1, runs: [{ ...aRun(), qrScans: -1 }] }), 'runs[0].qrScans:'],
  [JSON.stringify({ format: 1, runs: [{ ...aRun(), more: 1 }] }), 'no such field: more'],
])('refuses %s', (text, what) => {
  const path = place()
  writeFileSync(path, text)
  const problem = problemOf(path)
  expect(problem.message).toContain(what)
  expect(problem).toMatchObject({ where: path, exitCode: 2 })
  expect(problem.mend).toContain('--measurements FILE')
})

it('refuses what is not there', () => {
  expect(problemOf(place()).message).toContain('the measurements cannot be read: ENOENT')
})
