/** The checkers of a scenario's `always` claims: one table from claim to checker. */

import type { Scenario } from '../scenario.ts'
import { BackoffLawChecker } from './backoff-checker.ts'
import type { Checker, CheckerContext } from './checker.ts'
import type { AlwaysClaim } from './claim.ts'
import { AttemptBudgetChecker, SingleSocketChecker, TerminalIsFinalChecker } from './connection-checkers.ts'
import { NoLeaksChecker, UndisturbedChecker } from './life-checkers.ts'
import { MemoryActedOnChecker, NoR15Checker } from './memory-checkers.ts'
import { AnsweredOnceChecker } from './message-checker.ts'
import { HangChecker } from './hang-checker.ts'
import { PhoneWatchedChecker } from './phone-checker.ts'
import { DynoLivesChecker, OneBotChecker, RestartsChecker } from './process-checkers.ts'
import { SessionIntegrityChecker } from './session-checker.ts'
import { StopsInTimeChecker } from './stop-checker.ts'

const CHECKERS: Readonly<Record<AlwaysClaim, (scenario: Scenario, context: CheckerContext) => Checker>> = {
  'single-socket': () => new SingleSocketChecker(),
  'backoff-law': (_scenario, context) => new BackoffLawChecker(context),
  'attempts-in-budget': (_scenario, context) => new AttemptBudgetChecker(context),
  'terminal-is-final': () => new TerminalIsFinalChecker(),
  'session-integrity': (scenario) => new SessionIntegrityChecker(scenario.isPaired),
  'answered-at-most-once': () => new AnsweredOnceChecker(),
  'memory-acted-on': (_scenario, context) => new MemoryActedOnChecker(context),
  'no-r15': () => new NoR15Checker(),
  'no-leaks': () => new NoLeaksChecker(),
  'stops-in-time': () => new StopsInTimeChecker(),
  'one-bot-a-dyno': () => new OneBotChecker(),
  'dyno-lives': () => new DynoLivesChecker(),
  'restarts-in-bounds': (_scenario, context) => new RestartsChecker(context),
  'hangs-ended': (_scenario, context) => new HangChecker(context),
  undisturbed: () => new UndisturbedChecker(),
  'phone-watched': (_scenario, context) => new PhoneWatchedChecker(context),
}

export function checkersOf(scenario: Scenario, context: CheckerContext): Checker[] {
  return scenario.claims.always.map((claim) => CHECKERS[claim](scenario, context))
}
