/**
 * `npm run memory [-- <pid>]`: what a tree of processes holds, by the measure that the bot decides by, beside the
 * quota. Needs neither database nor WhatsApp nor settings; it shows how to use the measuring functions alone.
 * Without a pid: all processes from pid 1 on, which in a dyno or container is all of it.
 */

import { readProcFiles, systemMemoryLimits } from './adapters/system-memory-probe.ts'
import { processTreePids } from './adapters/system-processes.ts'
import { dynoUsage, resolveQuotaBytes, statusMemory } from './memory/dyno-memory.ts'
import type { ProcessTexts } from './memory/dyno-memory.ts'

const EXIT_USAGE = 2
const MB = 1_048_576

const [pidText = '1'] = process.argv.slice(2)
const pids = /^\d+$/.test(pidText) ? processTreePids(Number(pidText)) : []
const processes = pids.map((pid) => ({ pid, texts: readProcFiles(pid) }))
const usage = dynoUsage(processes.map(({ texts }) => texts))
if (usage === undefined) {
  process.stderr.write(
    `npm run memory: there is no readable process ${pidText}; give the pid of one, or none\n`,
  )
  process.exitCode = EXIT_USAGE
} else {
  const quotaBytes = resolveQuotaBytes({
    settingMb: wholeNumberOf(process.env['MEMORY_QUOTA_MB']),
    memoryAvailableMb: wholeNumberOf(process.env['MEMORY_AVAILABLE']),
    cgroupLimitBytes: systemMemoryLimits().cgroupLimitBytes,
    totalMemBytes: systemMemoryLimits().totalMemBytes,
  })
  for (const { pid, texts } of processes) process.stdout.write(`${processLine(pid, texts)}\n`)
  const percent = ((usage.usedBytes / quotaBytes) * 100).toFixed(1)
  const used = `${megabytes(usage.usedBytes)} MB of ${megabytes(quotaBytes)} MB, ${percent} %`
  process.stdout.write(`\nused: ${used} (measured by ${usage.measure}, ${pids.length} processes)\n`)
}

function processLine(pid: number, texts: ProcessTexts): string {
  const alone = dynoUsage([texts])
  const status = texts.status === undefined ? undefined : statusMemory(texts.status)
  const name = /^Name:\s+(.+)$/m.exec(texts.status ?? '')?.[1] ?? '?'
  const own = alone === undefined ? '–' : megabytes(alone.usedBytes)
  const rss = status === undefined ? '–' : megabytes(status.rssBytes)
  return `${String(pid).padStart(8)}  ${own.padStart(8)} MB  rss ${rss.padStart(8)} MB  ${name}`
}

function megabytes(bytes: number): string {
  return (bytes / MB).toFixed(1)
}

function wholeNumberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d*$/.test(text) ? Number(text) : undefined
}
