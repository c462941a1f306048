// Puts a text into the cache `cache` with generated code alone: node set.js PORT TOKEN KEY TEXT.
'use strict';

const grpc = require('@grpc/grpc-js');
const {cache_client: cache} = require('@gomomento/generated-types/dist/cacheclient');

const [port, token, key, text] = process.argv.slice(2);
const client = new cache.ScsClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
const metadata = new grpc.Metadata();
metadata.set('authorization', token);
metadata.set('cache', 'cache');
const request = new cache._SetRequest({
  cache_key: Buffer.from(key),
  cache_body: Buffer.from(text),
  ttl_milliseconds: 60_000,
});
client.Set(request, metadata, error => {
  if (error) throw error;
  process.exit(0);
});
