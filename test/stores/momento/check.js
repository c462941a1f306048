// Momento's own client against the test server: node check.js PORT. Ends with 0 if the server is what that client expects.
'use strict';

const assert = require('node:assert');
const {
  CacheClient, Configurations, CredentialProvider, CacheGet, CacheSet, CacheIncrement, CacheDelete, CreateCache,
  CacheSetIfAbsent, CacheSetIfEqual, CacheSetIfPresent, CacheSetIfNotEqual, MomentoErrorCode,
} = require('@gomomento/sdk');

const port = Number(process.argv[2]);
const name = 'checked';

async function main() {
  const client = await CacheClient.create({
    configuration: Configurations.Laptop.v1(),
    credentialProvider: CredentialProvider.forMomentoLocal({hostname: '127.0.0.1', port}),
    defaultTtlSeconds: 60,
  });
  const is = (answer, type) => {
    assert.ok(answer instanceof type, `${answer}`);
    return answer;
  };

  assert.strictEqual((await client.get(name, 'k')).errorCode(), MomentoErrorCode.CACHE_NOT_FOUND_ERROR);
  is(await client.createCache(name), CreateCache.Success);
  is(await client.createCache(name), CreateCache.AlreadyExists);

  is(await client.get(name, 'k'), CacheGet.Miss);
  is(await client.set(name, 'k', 'v'), CacheSet.Success);
  assert.strictEqual(is(await client.get(name, 'k'), CacheGet.Hit).valueString(), 'v');

  assert.strictEqual((await client.increment(name, 'k')).errorCode(), MomentoErrorCode.FAILED_PRECONDITION_ERROR);
  assert.strictEqual(is(await client.increment(name, 'n'), CacheIncrement.Success).valueNumber(), 1);
  assert.strictEqual(is(await client.increment(name, 'n', 41), CacheIncrement.Success).valueNumber(), 42);
  assert.strictEqual(is(await client.increment(name, 'n', -42), CacheIncrement.Success).valueNumber(), 0);
  assert.strictEqual(is(await client.get(name, 'n'), CacheGet.Hit).valueString(), '0');

  is(await client.setIfAbsent(name, 'n', '7'), CacheSetIfAbsent.NotStored);
  is(await client.setIfAbsent(name, 'm', '7'), CacheSetIfAbsent.Stored);
  is(await client.setIfEqual(name, 'm', '8', '6'), CacheSetIfEqual.NotStored);
  is(await client.setIfEqual(name, 'm', '8', '7'), CacheSetIfEqual.Stored);
  is(await client.setIfEqual(name, 'none', '8', '7'), CacheSetIfEqual.NotStored);
  is(await client.setIfPresent(name, 'none', '8'), CacheSetIfPresent.NotStored);
  is(await client.setIfNotEqual(name, 'm', '9', '8'), CacheSetIfNotEqual.NotStored);
  assert.strictEqual(is(await client.get(name, 'm'), CacheGet.Hit).valueString(), '8');

  is(await client.delete(name, 'm'), CacheDelete.Success);
  is(await client.get(name, 'm'), CacheGet.Miss);
  client.close();
}

main().then(
  () => process.exit(0),
  error => {
    console.error(error);
    process.exit(1);
  }
);
