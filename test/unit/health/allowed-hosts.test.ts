/** Host names that the pages answer to, on a dyno and elsewhere. */

import { expect, it } from 'vitest'
import { allowedHosts, isAllowedHost } from '../../../src/health/allowed-hosts.ts'

const elsewhere = allowedHosts({ setting: undefined, isOnDyno: false })
const onDyno = allowedHosts({ setting: undefined, isOnDyno: true })
const withOwn = allowedHosts({ setting: 'Bot.Example.org , *.example.net', isOnDyno: true })

it.each(['localhost', 'LOCALHOST:28111', '127.0.0.1:80', '[::1]:5000', 'localhost.'])(
  'takes %s everywhere',
  (host) => expect([elsewhere, onDyno].map((hosts) => isAllowedHost(host, hosts))).toEqual([true, true]),
)

it('takes the names that Heroku’s router sends on a dyno only', () => {
  expect(isAllowedHost('my-bot-1234.herokuapp.com', onDyno)).toBe(true)
  expect(isAllowedHost('my-bot-1234.herokuapp.com', elsewhere)).toBe(false)
})

it('takes the owner’s names beside them', () => {
  expect(
    ['bot.example.org', 'a.example.net', 'x.herokuapp.com'].map((host) => isAllowedHost(host, withOwn)),
  ).toEqual([true, true, true])
  expect(
    ['example.org', 'example.net', 'a.bot.example.org'].map((host) => isAllowedHost(host, withOwn)),
  ).toEqual([false, false, false])
})

it.each([
  undefined,
  '',
  ':80',
  'evil.example',
  'herokuapp.com',
  '.herokuapp.com',
  'evilherokuapp.com',
  'x.herokuapp.com.evil.example',
  'localhost@evil.example',
  '127.0.0.2',
])('refuses %s', (host) => expect(isAllowedHost(host, onDyno)).toBe(false))
