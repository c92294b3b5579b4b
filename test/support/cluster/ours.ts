/** What an installation has left in the cluster. */
import { kubectl } from './cluster.ts'
import { SYSTEM } from './installation.ts'

/** Every object of the cluster that has our name, or is Helm's record of it: `resource name`. Events end by themselves, in an hour. */
export async function ours(): Promise<string[]> {
  const kinds = await kubectl(['api-resources', '--verbs=list', '-o', 'name'])
  const resources = kinds.stdout.split('\n').filter((name) => name !== '' && !name.startsWith('events'))
  const format = 'custom-columns=NAME:.metadata.name'
  const lists = resources.map(async (resource) => {
    const { stdout } = await kubectl(['get', resource, '-A', '--no-headers', '-o', format, '--ignore-not-found'])
    return stdout
      .split('\n')
      .flatMap((name) => (/kernelseal/.test(name) && name !== SYSTEM ? [`${resource} ${name}`] : []))
  })
  return (await Promise.all(lists)).flat()
}
