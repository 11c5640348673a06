// The other implementation of age: `encrypt RECIPIENT` or `decrypt IDENTITY`, standard input to standard output.
import { Decrypter, Encrypter } from "age-encryption"
import { readFileSync, writeSync } from "node:fs"
const [act, key] = process.argv.slice(2)
const input = new Uint8Array(readFileSync(0))
const age = act === "encrypt" ? new Encrypter() : new Decrypter()
act === "encrypt" ? age.addRecipient(key) : age.addIdentity(key)
const out = act === "encrypt" ? await age.encrypt(input) : await age.decrypt(input)
writeSync(1, out)
