// Writes every published age test vector to a folder, a file each.
import * as vectors from "cctv-age"
import { mkdirSync, writeFileSync } from "node:fs"
const folder = process.argv[2]
mkdirSync(folder, { recursive: true })
for (const [name, bytes] of Object.entries(vectors.default ?? vectors)) writeFileSync(`${folder}/${name}`, bytes)
