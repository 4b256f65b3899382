/** What the figures were measured on; without it a figure means nothing. */

import { availableParallelism, cpus, totalmem } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryMb: number
  readonly node: string
  readonly platform: string
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    memoryMb: Math.round(totalmem() / 1_048_576),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  }
}

export function machineText({ cpu, cores, memoryMb, node, platform }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryMb} MB, Node ${node}, ${platform}\n`
}
