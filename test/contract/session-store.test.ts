import { describeSessionData } from './session-data.contract.ts'
import { describeSessionStore } from './session-store.contract.ts'
import { inMemoryFixture, postgresFixture } from './store-fixture.ts'

describeSessionStore('in memory', inMemoryFixture)
describeSessionStore('on Postgres', postgresFixture)
describeSessionData('in memory', inMemoryFixture)
describeSessionData('on Postgres', postgresFixture)
