/** Wrong clocks for real dynos: each boot's error stands in a file that clock-preload.mjs reads in its processes. */

import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RealFault } from '../faults/real-fault.ts'
import type { PrngStream, PrngStreams } from '../world/prng.ts'

const PRELOAD_URL = new URL('clock-preload.mjs', import.meta.url).href
/** More boots than any run has: a dyno reads its error before it could be told of its boot. */
const BOOTS = 100

export interface WrongClocks {
  readonly maxSkewMs: number
  readonly stream: PrngStream
}

/** Only where a clock is wrong are the processes loaded with one. */
export function wrongClocks(
  maxSkewMs: number,
  faults: readonly RealFault[],
  streams: PrngStreams,
): WrongClocks | undefined {
  if (maxSkewMs === 0 && !faults.some(({ kind }) => kind === 'clock-step')) return undefined
  return { maxSkewMs, stream: streams.stream('clocks') }
}

export class DynoClocks {
  readonly #folder: string
  readonly #wrongByMs: number[]

  private constructor(folder: string, wrongByMs: number[]) {
    this.#folder = folder
    this.#wrongByMs = wrongByMs
  }

  /** Each boot's clock is wrong by up to `maxSkewMs`, drawn. */
  static async create({ maxSkewMs, stream }: WrongClocks): Promise<DynoClocks> {
    const folder = await mkdtemp(join(tmpdir(), 'lab-clocks-'))
    const clocks = new DynoClocks(
      folder,
      Array.from({ length: BOOTS }, () => stream.integer(-maxSkewMs, maxSkewMs)),
    )
    await Promise.all(clocks.#wrongByMs.map((_, index) => clocks.#write(index + 1)))
    return clocks
  }

  /** @param nodeOptions what others want there */
  environment(nodeOptions = ''): { readonly NODE_OPTIONS: string; readonly LAB_CLOCKS: string } {
    return { NODE_OPTIONS: `${nodeOptions} --import ${PRELOAD_URL}`.trim(), LAB_CLOCKS: this.#folder }
  }

  /** The dyno's clock is set: its processes see it within a tenth of a second. */
  async step(boot: number, byMs: number): Promise<void> {
    this.#wrongByMs[boot - 1] = (this.#wrongByMs[boot - 1] ?? 0) + byMs
    await this.#write(boot)
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Whole at any moment that it is read. */
  async #write(boot: number): Promise<void> {
    const path = join(this.#folder, `${boot}`)
    await writeFile(`${path}.new`, `${this.#wrongByMs[boot - 1] ?? 0}`)
    await rename(`${path}.new`, path)
  }
}
