/**
 * `node image.ts FILE NAME:TAG FOLDER… -- PROGRAM [ARGUMENT…]`: writes an OCI image archive, one layer a folder, for
 * `ctr images import`. Times, owners and order are fixed, so that a layer which two images share is kept once.
 * Source: image-layout.md, manifest.md and config.md of github.com/opencontainers/image-spec.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const MEDIA = 'application/vnd.oci.image'
const PLATFORM = { architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', os: 'linux' }

interface Blob {
  readonly mediaType: string
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string
  readonly size: number
}

const [file = '', name = '', ...rest] = process.argv.slice(2)
const end = rest.indexOf('--')
if (end < 1) throw new Error('usage: node image.ts FILE NAME:TAG FOLDER… -- PROGRAM [ARGUMENT…]')
await writeImage(rest.slice(0, end), rest.slice(end + 1))

async function writeImage(folders: readonly string[], entrypoint: readonly string[]): Promise<void> {
  const layout = mkdtempSync(`${file}.`)
  try {
    mkdirSync(join(layout, 'blobs/sha256'), { recursive: true })
    const layers: Blob[] = []
    for (const folder of folders) layers.push(await layer(layout, folder))
    const config = await json(layout, `${MEDIA}.config.v1+json`, {
      ...PLATFORM,
      config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Entrypoint: entrypoint },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    })
    const mediaType = `${MEDIA}.manifest.v1+json`
    const manifest = await json(layout, mediaType, { schemaVersion: 2, mediaType, config, layers })
    const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name }
    const index = { schemaVersion: 2, manifests: [{ ...manifest, platform: PLATFORM, annotations }] }
    writeFileSync(join(layout, 'index.json'), JSON.stringify(index))
    writeFileSync(join(layout, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
    execFileSync('tar', ['-C', layout, '-cf', file, 'oci-layout', 'index.json', 'blobs'])
  } finally {
    rmSync(layout, { recursive: true })
  }
}

function layer(layout: string, folder: string): Promise<Blob> {
  const archive = join(layout, 'blob')
  const fixed = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner']
  execFileSync('tar', [...fixed, '-C', folder, '-cf', archive, '.'])
  return keep(layout, `${MEDIA}.layer.v1.tar`)
}

function json(layout: string, mediaType: string, content: object): Promise<Blob> {
  writeFileSync(join(layout, 'blob'), JSON.stringify(content))
  return keep(layout, mediaType)
}

/** Gives the file `blob` the name of its content. */
async function keep(layout: string, mediaType: string): Promise<Blob> {
  const blob = join(layout, 'blob')
  const hash = createHash('sha256')
  await pipeline(createReadStream(blob), hash)
  const [digest, { size }] = [hash.digest('hex'), statSync(blob)]
  renameSync(blob, join(layout, 'blobs/sha256', digest))
  return { mediaType, digest: `sha256:${digest}`, size }
}
