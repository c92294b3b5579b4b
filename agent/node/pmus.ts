/** The sources of perf events on this machine, by the numbers that the kernel gave them at boot. */
import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = '/sys/bus/event_source/devices'

/**
 * Those that count, or sample only the data that the event's sample type names: cores, caches, memory controllers, energy. Not in it:
 * those that write to an AUX area (`intel_pt`, `intel_bts`, `arm_spe_*`, `cs_etm`), probes, and sources that were not
 * examined.
 */
const HARMLESS =
  /^(cpu|cpu_core|cpu_atom|armv\d+_\w+|software|msr|power|cstate_\w+|uncore_\w+|amd_(df|l3|umc)\w*|arm_(cmn|dsu|smmuv3)\w*)$/

/** Those that read a program's memory for a condition, or write to it, even where they only count (bpf/lib/perf_sample.h). */
const PROBES = /^(tracepoint|breakpoint|kprobe|uprobe)$/

/** As many numbers as the kernel programs look at (bpf/lib/perf_sample.h). */
const WORDS = 8

/**
 * @returns one bit for each number whose source is harmless, in words of 32. None where sysfs is not there: then only the kernel's
 * built-in sources are open to samplers of whole CPUs.
 */
export function harmlessPmus(folder = FOLDER): number[] {
  return numbersOf(HARMLESS, folder)
}

/** @returns the same of probes */
export function probePmus(folder = FOLDER): number[] {
  return numbersOf(PROBES, folder)
}

function numbersOf(wanted: RegExp, folder: string): number[] {
  const words = new Array<number>(WORDS).fill(0)
  for (const number of namesIn(folder).flatMap((name) => (wanted.test(name) ? numberOf(folder, name) : []))) {
    const word = Math.floor(number / 32)
    if (word < WORDS) words[word] = (words[word]! | (1 << (number % 32))) >>> 0
  }
  return words
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function numberOf(folder: string, name: string): number[] {
  try {
    return [Number.parseInt(readFileSync(`${folder}/${name}/type`, 'latin1'), 10)]
  } catch {
    return []
  }
}
