// A service as people write them: a cluster of workers that SIGHUP replaces, each with threads, files and child processes.
const cluster = require('node:cluster')
const { execFile } = require('node:child_process')
const { pbkdf2 } = require('node:crypto')
const { createServer } = require('node:http')
const { Worker } = require('node:worker_threads')

function answer(request, response) {
  const isAllowed = request.headers['x-password'] === process.env.PASSWORD
  const thread = new Worker('require("node:worker_threads").parentPort.postMessage(process.env.PASSWORD.length)', {
    eval: true,
  })
  thread.once('message', (length) =>
    pbkdf2('text', 'salt', 100, 32, 'sha256', () =>
      execFile('/bin/sh', ['-c', 'echo child'], (error, child) => {
        response.writeHead(isAllowed && !error ? 200 : 403)
        response.end(`${process.pid} ${length} ${child}`)
      }),
    ),
  )
}

if (cluster.isPrimary) {
  const start = () => [cluster.fork(), cluster.fork()]
  let workers = start()
  process.on('SIGHUP', () => {
    const old = workers
    workers = start()
    workers[1].once('listening', () => {
      for (const worker of old) worker.disconnect()
    })
  })
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.kill()
    process.exit(0)
  })
} else createServer(answer).listen(8083, '127.0.0.1')
