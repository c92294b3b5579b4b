/** Jobs on the node. */
import { call, get, must, until } from '../support/cluster/cluster.ts'
import { allOf, PATIENCE } from './shop.ts'

const JOBS = allOf('jobs')
const isFinal = ({ type }: { readonly type: string }): boolean => type === 'Complete' || type === 'Failed'

/** @param pod its template */
export async function startJob(name: string, pod: { readonly metadata: object; readonly spec: object }): Promise<void> {
  const spec = { backoffLimit: 0, template: { ...pod, spec: { ...pod.spec, restartPolicy: 'Never' } } }
  must(await call('POST', JOBS, { metadata: { name }, spec }), 'the Job')
}

/** @param jobs path of the namespace's @returns `Complete`, or the Job's other final condition */
export async function jobEnds(name: string, jobs = JOBS): Promise<string> {
  const ended = async () => (await get(`${jobs}/${name}`)).status.conditions?.find(isFinal)
  const { type, message } = await until(`the Job ${name} has ended`, ended, PATIENCE)
  return type === 'Complete' ? type : `${type}: ${message}`
}

/** Jobs with names that begin so. */
export async function jobsOf(prefix: string): Promise<string[]> {
  const { items } = await get(JOBS)
  return items
    .map(({ metadata }: { readonly metadata: { readonly name: string } }) => metadata.name)
    .filter((name: string) => name.startsWith(prefix))
}
