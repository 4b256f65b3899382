import { describe, expect, it } from 'vitest'
import { targetTroubles } from '../../../../sim/targets/real/target-troubles.ts'
import type { TargetObservation } from '../../../../sim/targets/real/target-troubles.ts'

/** A target that was linked and talks. */
const WELL: TargetObservation = {
  command: 'node my-bot.js',
  image: undefined,
  watchedMs: 60_000,
  exit: undefined,
  connections: 2,
  logins: 1,
  preload: { processes: 1, oldNode: undefined, hosts: ['web.whatsapp.com'], linked: 1, refusal: undefined },
  lines: ['please scan the QR'],
  leftProcesses: 0,
  ignoredSigterms: 0,
}
const SILENT: TargetObservation = {
  ...WELL,
  connections: 0,
  logins: 0,
  preload: { processes: 1, oldNode: undefined, hosts: [], linked: 0, refusal: undefined },
}

function kinds(seen: TargetObservation): string[] {
  return targetTroubles(seen).map(({ kind, isFatal }) => (isFatal ? `${kind}!` : kind))
}

function message(seen: TargetObservation): string {
  return targetTroubles(seen)[0]?.message ?? ''
}

describe('the troubles of a target', () => {
  it('are none when it logs in, however it ends later', () => {
    expect(kinds(WELL)).toEqual([])
    expect(kinds({ ...WELL, exit: { status: 1, afterMs: 50_000 } })).toEqual([])
  })

  it('are none yet while it has time', () => {
    expect(kinds({ ...SILENT, watchedMs: 9_999 })).toEqual([])
    expect(kinds({ ...WELL, logins: 0, watchedMs: 29_999 })).toEqual([])
  })

  it('are its end before it asked for WhatsApp, with its last words', () => {
    const ended = {
      ...SILENT,
      watchedMs: 900,
      exit: { status: 1, afterMs: 812 },
      lines: ['', 'Error: no TOKEN', '    at run (bot.js:3:1)', 'Node.js v24.1.0'],
    }
    expect(kinds(ended)).toEqual(['exited-at-once!'])
    expect(message(ended)).toBe(
      '`node my-bot.js` exited with status 1 after 0.8 s, before it asked for WhatsApp. Its last lines:\n  Error: no TOKEN',
    )
    expect(message({ ...ended, lines: [] })).toMatch(/It has printed nothing$/)
  })

  it.each([126, 127])('are a command that the shell could not run (%i)', (status) => {
    expect(kinds({ ...SILENT, exit: { status, afterMs: 10 } })).toEqual(['command-not-found!'])
  })

  it('in an image are told with how to mend them', () => {
    const inImage = { ...SILENT, image: 'my-bot:1', exit: { status: 127, afterMs: 10 } }
    expect(message(inImage)).toContain('see that the image my-bot:1 has it, by its whole path')
    const noRights = { ...inImage, exit: { status: 1, afterMs: 10 }, lines: ["EACCES: mkdir 'auth'"] }
    expect(message(noRights)).toContain('not under the image’s USER')
    expect(message({ ...noRights, image: undefined })).not.toContain('USER')
  })

  it('are a Node that is too old, whether it refuses the preload or loads it', () => {
    const refused = { ...SILENT, exit: { status: 9, afterMs: 10 } }
    const lines = ['node: --import is not allowed in NODE_OPTIONS']
    expect(message({ ...refused, lines })).toContain('its Node is too old: it must be Node 20 or newer. Its')
    const preload = { ...SILENT.preload, oldNode: 'v18.20.8' }
    expect(message({ ...refused, preload })).toContain(
      'it runs on Node v18.20.8: it must be Node 20 or newer.',
    )
  })

  it('are that it never came, and how far it got', () => {
    expect(kinds(SILENT)).toEqual(['never-connected!'])
    expect(message(SILENT)).toMatch(
      /^no connection to the fake WhatsApp was seen; the target runs in Node but has asked for none/,
    )
    const foreign = { ...SILENT, preload: { ...SILENT.preload, processes: 0 } }
    expect(message(foreign)).toContain('no Node process of the target has loaded the preload')
    const lost = { ...SILENT, preload: { ...SILENT.preload, hosts: ['web.whatsapp.com'] } }
    expect(message(lost)).toContain('was led there from web.whatsapp.com, and did not arrive')
  })

  it('are that it connects and is not linked, and why', () => {
    const unlinked = { ...WELL, logins: 0, preload: { ...WELL.preload, linked: 0 } }
    expect(kinds(unlinked)).toEqual(['never-linked!'])
    expect(message(unlinked)).toContain('neither a QR nor a pairing code')
    const refused = { ...unlinked, preload: { ...unlinked.preload, refusal: 'no client has asked' } }
    expect(message(refused)).toContain('the phone could not link it: no client has asked')
    expect(message({ ...WELL, logins: 0 })).toContain('linked by the phone, and has not come back')
  })

  it('are beside that what it leaves, what it ignores and what it prints', () => {
    const rude = { ...WELL, leftProcesses: 2, ignoredSigterms: 1, lines: ['\uFFFD\uFFFD\uFFFDabc'] }
    expect(kinds(rude)).toEqual(['left-processes', 'ignored-sigterm', 'printed-binary'])
    expect(message({ ...WELL, leftProcesses: 1 })).toContain('left a process running')
    expect(kinds({ ...WELL, lines: [`one broken character \uFFFD in ${'a line '.repeat(20)}`] })).toEqual([])
  })

  it('show no binary and no endless line among its last words', () => {
    const lines = ['\uFFFD\uFFFD\uFFFD', 'x'.repeat(5_000)]
    expect(message({ ...SILENT, lines })).toMatch(/:\n {2}x{200}$/)
    expect(message({ ...SILENT, lines: ['\uFFFD\uFFFD\uFFFD'] })).toMatch(
      /Baileys\? It has printed bytes that are no text$/,
    )
  })
})
