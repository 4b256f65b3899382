/** All scenarios, in the order in which they are listed and run. */

import type { Scenario } from '../sim/scenario.ts'
import { burstBetweenSamples } from './512mb-quota/burst-between-samples.ts'
import { cleanupIneffective } from './512mb-quota/cleanup-ineffective.ts'
import { historyFlood } from './512mb-quota/history-flood.ts'
import { publishedWorkload } from './512mb-quota/published-workload.ts'
import { ramps } from './512mb-quota/ramps.ts'
import { slowLeak } from './512mb-quota/slow-leak.ts'
import { acceptThenClose } from './disconnect-storm/accept-then-close.ts'
import { deafSession } from './disconnect-storm/deaf-session.ts'
import { flapping440 } from './disconnect-storm/flapping-440.ts'
import { loggedOut401 } from './disconnect-storm/logged-out-401.ts'
import { loop515 } from './disconnect-storm/loop-515.ts'
import { quietNight } from './disconnect-storm/quiet-night.ts'
import { refused503Storm } from './disconnect-storm/refused-503-storm.ts'
import { restartRequired515 } from './disconnect-storm/restart-required-515.ts'
import { corruptFrames } from './disconnect-storm/corrupt-frames.ts'
import { rateOverlimit429 } from './disconnect-storm/rate-overlimit-429.ts'
import { reachOut463 } from './disconnect-storm/reach-out-463.ts'
import { replayedAndReordered } from './disconnect-storm/replayed-and-reordered.ts'
import { sendWhileCut } from './disconnect-storm/send-while-cut.ts'
import { silentAndBlackHole } from './disconnect-storm/silent-and-black-hole.ts'
import { version405 } from './disconnect-storm/version-405.ts'
import { sixHourOutage } from './disconnect-storm/six-hour-outage.ts'
import { botHangs } from './dyno-restart/bot-hangs.ts'
import { botCrashLoop } from './dyno-restart/bot-crash-loop.ts'
import { heartbeatLate } from './dyno-restart/heartbeat-late.ts'
import { sigtermWhileHung } from './dyno-restart/sigterm-while-hung.ts'
import { sigtermTwice } from './dyno-restart/sigterm-twice.ts'
import { recycleUnderTraffic } from './dyno-restart/recycle-under-traffic.ts'
import { starvedCpu } from './dyno-restart/starved-cpu.ts'
import { commandFlood } from './dyno-restart/command-flood.ts'
import { dailyCycle } from './dyno-restart/daily-cycle.ts'
import { deployOverlapSkewedClocks } from './dyno-restart/deploy-overlap-skewed-clocks.ts'
import { deployOverlap } from './dyno-restart/deploy-overlap.ts'
import { sigkillMidWrite } from './dyno-restart/sigkill-mid-write.ts'
import { sigkillOnceCommand } from './dyno-restart/sigkill-once-command.ts'
import { sigkillWhileAWriteFails } from './dyno-restart/sigkill-while-a-write-fails.ts'
import { sigtermMidWrite } from './dyno-restart/sigterm-mid-write.ts'
import { phoneUnseen } from './multi-day/phone-unseen.ts'
import { sevenDays } from './multi-day/seven-days.ts'
import { connectionsExhausted } from './postgres/connections-exhausted.ts'
import { writesGiveUp } from './postgres/writes-give-up.ts'
import { credsUnreadableAtStart } from './postgres/creds-unreadable-at-start.ts'
import { awayAtStart } from './postgres/away-at-start.ts'
import { failover } from './postgres/failover.ts'
import { serverRestarts } from './postgres/server-restarts.ts'
import { outageLong } from './postgres/outage-long.ts'
import { outageShort } from './postgres/outage-short.ts'

export const scenarios: readonly Scenario[] = [
  dailyCycle,
  sigtermMidWrite,
  sigkillMidWrite,
  sigkillWhileAWriteFails,
  sigkillOnceCommand,
  commandFlood,
  deployOverlap,
  deployOverlapSkewedClocks,
  botHangs,
  botCrashLoop,
  heartbeatLate,
  sigtermTwice,
  sigtermWhileHung,
  recycleUnderTraffic,
  starvedCpu,
  flapping440,
  refused503Storm,
  acceptThenClose,
  sixHourOutage,
  restartRequired515,
  loop515,
  loggedOut401,
  deafSession,
  quietNight,
  corruptFrames,
  rateOverlimit429,
  reachOut463,
  replayedAndReordered,
  sendWhileCut,
  silentAndBlackHole,
  version405,
  slowLeak,
  burstBetweenSamples,
  cleanupIneffective,
  historyFlood,
  publishedWorkload,
  ...ramps,
  outageShort,
  outageLong,
  serverRestarts,
  failover,
  awayAtStart,
  connectionsExhausted,
  writesGiveUp,
  credsUnreadableAtStart,
  sevenDays,
  phoneUnseen,
]

/** Scenarios to run together: `npm run lab -- run --level real --subset ci`. */
export const subsets: Readonly<Record<string, readonly string[]>> = {
  /** What every change has to pass on real processes: each kind of trouble once, in a few minutes. */
  ci: [
    'dyno-restart/deploy-overlap',
    'dyno-restart/bot-hangs',
    'disconnect-storm/send-while-cut',
    'disconnect-storm/restart-required-515',
    'disconnect-storm/logged-out-401',
    'postgres/outage-long',
    'postgres/server-restarts',
    'postgres/failover',
    '512mb-quota/cleanup-ineffective',
  ],
  /** What `npm run lab -- compare` publishes. */
  compare: [publishedWorkload.id, ...ramps.map(({ id }) => id)],
}
