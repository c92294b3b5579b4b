/**
 * The parts of prom-client that an agent uses. Its index loads a push client, default metrics and cluster support as well: 14 MiB
 * more in the sidecar of every Pod.
 */
import { createRequire } from 'node:module'
import type * as PromClient from 'prom-client'

const require = createRequire(import.meta.url)

export const Registry: typeof PromClient.Registry = require('prom-client/lib/registry')
export const Counter: typeof PromClient.Counter = require('prom-client/lib/counter')
export const Gauge: typeof PromClient.Gauge = require('prom-client/lib/gauge')
export const Histogram: typeof PromClient.Histogram = require('prom-client/lib/histogram')
export type Registry = PromClient.Registry
