/** The housing of one boot, by what the app's dynos run in. */

import type { DynoSite } from '../dyno-site.ts'
import { ContainerHousing } from './container-housing.ts'
import type { DynoHousing } from './dyno-housing.ts'
import { ProcessHousing } from './process-housing.ts'

export function createHousing(site: DynoSite, bootNumber: number): DynoHousing {
  switch (site.dyno.kind) {
    case 'process':
      return new ProcessHousing(site, bootNumber)
    case 'container':
      return new ContainerHousing(site, bootNumber)
    default:
      return site.dyno satisfies never
  }
}
