/**
 * `node sbom.ts NAME FOLDER`: the content of an unpacked image (FOLDER/rootfs) as CycloneDX 1.5 JSON on standard
 * output. It lists the actual packages, file by file of the package managers, not those of a lock: `npm sbom` leaves
 * packages out that the workspace's root has for development too. Two bills of one image are the same text.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SPDX } from '@cyclonedx/cyclonedx-library'

interface Component {
  readonly type: string
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licenses?: readonly object[]
  readonly hashes?: readonly object[]
}

const [name = '', folder = ''] = process.argv.slice(2)
const root = join(folder, 'rootfs')
const home = join(root, 'opt/kernelseal')
const { version } = readJson(join(home, name, 'package.json'))
const bill = {
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: { component: { type: 'container', name: `kernelseal-${name}`, version } },
  components: [...npmPackages(), ...debianPackages(), runtime()],
}
process.stdout.write(`${JSON.stringify(bill, null, 2)}\n`)

function npmPackages(): Component[] {
  const files = readdirSync(join(home, 'node_modules'), { recursive: true, encoding: 'utf8' }).sort()
  return files.filter(isManifest).map((file) => {
    const path = `node_modules/${file.replace(/\/package\.json$/, '')}`
    const { name: is, version: at, license } = readJson(join(home, path, 'package.json'))
    const component = { type: 'library', name: is, version: at, purl: `pkg:npm/${is.replace('@', '%40')}@${at}` }
    return { ...component, licenses: [licenseOf(String(license ?? 'unknown'))], hashes: hashesOf(path) }
  })
}

/** Scanners look licences up by their id; a text that is no id of SPDX may only stand as a name. */
function licenseOf(text: string): object {
  if (SPDX.isSupportedSpdxId(text)) return { license: { id: text } }
  return / (AND|OR|WITH) /.test(text) ? { expression: text } : { license: { name: text } }
}

/** Of a package, and not of a folder inside one. */
function isManifest(file: string): boolean {
  return /(^|\/node_modules\/)(@[^/]+\/)?[^/@]+\/package\.json$/.test(file)
}

/** Of the archive it came in, from the repository's lock. */
function hashesOf(path: string): object[] {
  const { packages } = readJson(join(import.meta.dirname, '../../package-lock.json'))
  const [, base64] = /^sha512-(.+)$/.exec(packages[path]?.integrity ?? '') ?? []
  return base64 ? [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }] : []
}

/** scripts/images.d/collect-root leaves one file a package, in the form of dpkg's status. */
function debianPackages(): Component[] {
  const status = join(root, 'var/lib/dpkg/status.d')
  return readdirSync(status).map((file) => {
    const text = readFileSync(join(status, file), 'utf8')
    const field = (key: string): string => new RegExp(`^${key}: (.+)$`, 'm').exec(text)?.[1] ?? ''
    const query = `arch=${field('Architecture')}&distro=debian-12`
    const purl = `pkg:deb/debian/${encodeURIComponent(file)}@${encodeURIComponent(field('Version'))}?${query}`
    return { type: 'library', name: file, version: field('Version'), purl }
  })
}

function runtime(): Component {
  const said = execFileSync(join(root, 'usr/local/bin/node'), ['--version'], { encoding: 'utf8' })
  const node = said.trim().slice(1)
  return { type: 'platform', name: 'node', version: node, purl: `pkg:generic/node@${node}` }
}

function readJson(file: string) {
  return JSON.parse(readFileSync(file, 'utf8'))
}
