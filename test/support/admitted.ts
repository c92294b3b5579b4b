/** The annotations of a Pod as the webhook leaves them, and the kubelet hands them to its agent. */
import { writeAnnotations } from './agent-under-test.ts'

/** @param bindings a policy, or its list of bindings @param containers those with placeholders @returns the path of the file */
export function admitted(bindings: string, containers: readonly string[] = ['app']): string {
  const status = { version: 'v1', nonce: '5e'.repeat(16), hash: '0'.repeat(64), containers }
  return writeAnnotations({ 'kernelseal.io/bindings': bindings, 'kernelseal.io/status': JSON.stringify(status) })
}
