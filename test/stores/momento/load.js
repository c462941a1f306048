// The recipe that is in use, with Momento's own client: node load.js PORT CLIENTS INCREMENTS MAXIMUM. It reads, compares
// with the maximum and stores unless somebody stored the maximum meanwhile; prints the value of each increment that it made.
'use strict';

const {CacheClient, Configurations, CredentialProvider, CacheSetIfNotEqual} = require('@gomomento/sdk');

const [port, clients, increments, maximum] = process.argv.slice(2).map(Number);
const name = 'cache';

async function count(client) {
  for (let n = 0; n < increments; ++n) {
    const found = await client.get(name, 'naive');
    const next = Number(found.value() ?? 0) + 1;
    if (next > maximum) return;
    const stored = await client.setIfNotEqual(name, 'naive', String(next), String(maximum));
    if (stored instanceof CacheSetIfNotEqual.Stored) console.log(next);
  }
}

async function main() {
  const client = await CacheClient.create({
    configuration: Configurations.Laptop.v1(),
    credentialProvider: CredentialProvider.forMomentoLocal({hostname: '127.0.0.1', port}),
    defaultTtlSeconds: 60,
  });
  await Promise.all(Array.from({length: clients}, () => count(client)));
  client.close();
}

main().then(() => process.exit(0));
