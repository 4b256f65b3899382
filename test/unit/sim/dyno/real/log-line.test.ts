import { describe, expect, it } from 'vitest'
import { coolOffLine, formatLogLine, memoryLine } from '../../../../../sim/dyno/real/log-line.ts'
import { OutputLines } from '../../../../../sim/dyno/real/output-lines.ts'
import { routerLine } from '../../../../../sim/dyno/real/router-backend.ts'
import {
  loadLine,
  memoryMetricsLine,
  metricsSource,
  nextLoadAverages,
} from '../../../../../sim/dyno/real/runtime-metrics.ts'
import { memoryFigures } from '../../../../../sim/dyno/memory-verdict.ts'

const MB = 1_048_576

function linesOf(...chunks: (string | Buffer)[]): string[] {
  const lines: string[] = []
  const output = new OutputLines((line) => lines.push(line))
  for (const chunk of chunks) output.push(Buffer.from(chunk))
  output.end()
  return lines
}

describe('log lines', () => {
  it('have microseconds, source and process', () => {
    const atMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678) + 0.25
    expect(formatLogLine({ atMs, source: 'heroku', process: 'web.1', text: 'Idling' })).toBe(
      '2026-01-02T03:04:05.678250+00:00 heroku[web.1]: Idling',
    )
  })

  // Figures of real logs: the total of a sample, and the line that Heroku printed for it.
  it.each([
    [1_210.76, 'Process running mem=1210M(236.5%)'],
    [627.97, 'Process running mem=627M(122.7%)'],
    [1_280, 'Process running mem=1280M(250.0%)'],
  ])('round %d MB as Heroku does', (mb, line) => {
    const figures = memoryFigures({ quotaBytes: 512 * MB }, { rssAndSwap: Math.floor(mb * MB), cache: 0 })
    expect(memoryLine(figures)).toBe(line)
  })

  it('tell a cool-off in the minutes that it would last on Heroku', () => {
    expect(coolOffLine(3, 1_200, 1_000)).toBe('Crash 3 in a row: cool-off of 20.0 min, compressed to 1.2 s')
    expect(coolOffLine(2, 90_000, 1)).toBe('Crash 2 in a row: cool-off of 1.5 min')
  })
})

describe('runtime metrics', () => {
  const source = metricsSource('1', 'u')

  it('clip RSS at the quota and call the rest swap', () => {
    const metrics = { totalBytes: 700 * MB, quotaBytes: 512 * MB, pagesIn: 9, pagesOut: 4 }
    expect(memoryMetricsLine(source, metrics)).toBe(
      'source=web.1 dyno=heroku.1.u sample#memory_total=700.00MB sample#memory_rss=512.00MB sample#memory_cache=0.00MB sample#memory_swap=188.00MB sample#memory_pgpgin=9pages sample#memory_pgpgout=4pages sample#memory_quota=512.00MB',
    )
  })

  it('damp the load over one, five and fifteen minutes', () => {
    const busy = nextLoadAverages(undefined, 1, 20_000)
    expect(loadLine(source, busy)).toContain('sample#load_avg_1m=1.00 sample#load_avg_5m=1.00')
    const [one, five, fifteen] = nextLoadAverages(busy, 0, 60_000)
    expect(one).toBeCloseTo(Math.exp(-1))
    expect(five).toBeCloseTo(Math.exp(-1 / 5))
    expect(fifteen).toBeCloseTo(Math.exp(-1 / 15))
  })
})

describe('what a process prints', () => {
  it('becomes lines however it arrives', () => {
    const euro = Buffer.from('€')
    expect(linesOf('on', 'e\ntwo\n', euro.subarray(0, 1), euro.subarray(1), ' last')).toEqual([
      'one',
      'two',
      '€ last',
    ])
  })

  it('is cut at 10,000 bytes, never inside a character', () => {
    const lines = linesOf('€'.repeat(5_000))
    expect(lines.join('')).toBe('€'.repeat(5_000))
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(10_000)
  })

  it('keeps colours and tabs, and no other control characters', () => {
    expect(linesOf('a\u0000b\u0007\tc\u001b[31md\r\n')).toEqual(['ab\tc\u001b[31md'])
  })
})

describe('the router’s line', () => {
  const entry = {
    method: 'GET',
    path: '/',
    host: 'h',
    requestId: 'r',
    forwardedFor: '1.2.3.4',
    protocol: 'http',
    error: undefined,
    hasDyno: true,
    connectMs: 0.6,
    serviceMs: 17.2,
    status: 200,
    bytes: 12,
  } as const

  it('has figures where the request came so far', () => {
    expect(routerLine(entry)).toBe(
      'at=info method=GET path="/" host=h request_id=r fwd="1.2.3.4" dyno=web.1 connect=1ms service=17ms status=200 bytes=12 protocol=http',
    )
    expect(
      routerLine({
        ...entry,
        error: 'H10',
        hasDyno: false,
        connectMs: undefined,
        serviceMs: undefined,
        status: 503,
        bytes: undefined,
      }),
    ).toBe(
      'at=error code=H10 desc="App crashed" method=GET path="/" host=h request_id=r fwd="1.2.3.4" dyno= connect= service= status=503 bytes= protocol=http',
    )
  })
})
