/** The environment that brings a bot to the fake WhatsApp by the preload, and what the preload told of it. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fakeRootKey } from '../../whatsapp/wire/certificates.ts'
import type { RealPlaces } from './real-target.ts'

const PRELOAD_URL = new URL('preload/fake-whatsapp-preload.mjs', import.meta.url).href
const REPORT_FILE = 'preload-report.jsonl'

/** @param nodeOptions the target's own NODE_OPTIONS */
export function preloadEnvironment(places: RealPlaces, nodeOptions = ''): Record<string, string> {
  const { whatsappUrl, adminUrl, account, stateFolder } = places
  return {
    NODE_OPTIONS: `${nodeOptions} --import ${PRELOAD_URL}`.trim(),
    FAKE_WHATSAPP_PRELOAD: JSON.stringify({
      url: whatsappUrl,
      adminUrl,
      account,
      rootKey: fakeRootKey().toString('hex'),
      report: join(stateFolder, REPORT_FILE),
    }),
  }
}

/** What the processes of all boots so far had to tell; `refused` and `linked` are about QR and pairing code. */
export interface PreloadReport {
  /** Node processes that have loaded it. */
  readonly processes: number
  /** Hosts that were asked for and led to the fake. */
  readonly hosts: readonly string[]
  readonly linked: number
  /** The last reason why the phone could not link the bot. */
  readonly refusal: string | undefined
}

interface ReportLine {
  readonly what: 'loaded' | 'redirected' | 'linked' | 'refused'
  readonly host?: string
  readonly why?: string
}

export function readPreloadReport(stateFolder: string): PreloadReport {
  const file = join(stateFolder, REPORT_FILE)
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  const entries = lines.flatMap(parseLine)
  return {
    processes: entries.filter(({ what }) => what === 'loaded').length,
    hosts: [...new Set(entries.flatMap(({ host }) => host ?? []))],
    linked: entries.filter(({ what }) => what === 'linked').length,
    refusal: entries.findLast(({ what }) => what === 'refused')?.why,
  }
}

/** A killed process may leave half a line. */
function parseLine(line: string): ReportLine[] {
  try {
    return [JSON.parse(line) as ReportLine]
  } catch {
    return []
  }
}
