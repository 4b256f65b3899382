/**
 * Which Host headers are answered with more than the least. A page on another domain that resolves to this
 * machine (DNS rebinding) would otherwise reach it with the visitor's browser. Pure.
 */

/** Where a developer's browser is. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]']
/**
 * Heroku's router finds the app by this header and sends an app no other app's name, so on a dyno every name
 * below herokuapp.com is ours; the app's own full name is not in its environment.
 */
const DYNO_HOSTS = ['*.herokuapp.com']

/** @param setting the value of ALLOWED_HOSTS */
export function allowedHosts(options: {
  readonly setting: string | undefined
  readonly isOnDyno: boolean
}): readonly string[] {
  const own = (options.setting ?? '').split(',').map((host) => host.trim().toLowerCase())
  return [...LOCAL_HOSTS, ...(options.isOnDyno ? DYNO_HOSTS : []), ...own.filter((host) => host !== '')]
}

/** @param header the Host header as it came; its port does not matter. */
export function isAllowedHost(header: string | undefined, allowed: readonly string[]): boolean {
  const host = (header ?? '').toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
  return allowed.some((pattern) =>
    pattern.startsWith('*.')
      ? host.length > pattern.length - 1 && host.endsWith(pattern.slice(1))
      : host === pattern,
  )
}
