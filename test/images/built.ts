/** An image as it was built by scripts/images: unpacked, and run by runc in the way the manifests say. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const IMAGES = join(import.meta.dirname, '../../scripts/images')

/** OCI image configuration, as far as it is used (image-spec, config.md). */
export interface ImageConfig {
  readonly Entrypoint: readonly string[]
  readonly Cmd?: readonly string[]
  readonly Env: readonly string[]
  readonly User?: string
  readonly WorkingDir: string
  readonly Labels: Readonly<Record<string, string>>
}

export interface BuiltImage {
  readonly name: string
  /** With `rootfs` and `image.json`. */
  readonly folder: string
  readonly rootfs: string
  readonly config: ImageConfig
  readonly remove: () => void
}

/** Unchanged parts are taken from the build before. @throws Error with the build's output */
export function build(name: 'agent' | 'webhook'): BuiltImage {
  const built = spawnSync(IMAGES, ['build', name], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(`scripts/images build ${name}:\n${built.stdout}${built.stderr}`)
  const folder = mkdtempSync(join(tmpdir(), `kernelseal-image-${name}-`))
  execFileSync(IMAGES, ['unpack', name, folder])
  const config = JSON.parse(readFileSync(join(folder, 'image.json'), 'utf8')) as ImageConfig
  const remove = () => rmSync(folder, { recursive: true })
  return { name, folder, rootfs: join(folder, 'rootfs'), config, remove }
}

/** The container of an unprivileged Pod: read-only root, no capabilities, no new privileges, the network of this machine. */
function bundle({ config }: BuiltImage, args: readonly string[]) {
  const [uid = '0', gid = uid] = (config.User ?? '').split(':')
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: Number(uid), gid: Number(gid) },
      args: [...config.Entrypoint, ...args],
      env: config.Env,
      cwd: config.WorkingDir,
      capabilities: {},
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    ],
    linux: { namespaces: [{ type: 'mount' }, { type: 'pid' }, { type: 'ipc' }] },
  }
}

let started = 0

/** Starts the image's entrypoint with these arguments. The caller waits for its end. */
export function start(image: BuiltImage, args: readonly string[]) {
  const id = `kernelseal-test-${process.pid}-${started++}`
  writeFileSync(join(image.folder, 'config.json'), JSON.stringify(bundle(image, args)))
  const child = spawn('runc', ['run', '--bundle', image.folder, id], { stdio: ['ignore', 'pipe', 'pipe'] })
  return { child, kill: (signal: string) => spawnSync('runc', ['kill', id, signal]) }
}

/** Runs it to its end. */
export function run(image: BuiltImage, args: readonly string[]) {
  const id = `kernelseal-test-${process.pid}-${started++}`
  writeFileSync(join(image.folder, 'config.json'), JSON.stringify(bundle(image, args)))
  return spawnSync('runc', ['run', '--bundle', image.folder, id], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
