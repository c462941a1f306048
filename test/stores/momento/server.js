// A cache in memory that speaks Momento's protocol, for the tests. Messages, paths and field numbers are those of Momento's
// generated code; that it behaves as its clients expect is what check.js and the official client say.
//
//     node server.js PORT [TOKEN]     with TOKEN, other tokens are refused
'use strict';

const grpc = require('@grpc/grpc-js');
const {BinaryReader, BinaryWriter} = require('google-protobuf');
const {cache_client: cache} = require('@gomomento/generated-types/dist/cacheclient');
const {control_client: control} = require('@gomomento/generated-types/dist/controlclient');

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const TIME_TO_LIVE_MAX_MS = 24 * 60 * 60 * 1000;

const [port, token] = process.argv.slice(2);
const caches = new Map([['cache', new Map()]]);

class Refusal extends Error {
  constructor(code, details) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

function authorize(call) {
  if (token !== undefined && call.metadata.get('authorization')[0] !== token)
    throw new Refusal(grpc.status.UNAUTHENTICATED, 'invalid authentication credentials');
}

function itemsOf(call) {
  const name = call.metadata.get('cache')[0];
  const items = caches.get(name);
  if (!items) throw new Refusal(grpc.status.NOT_FOUND, `Cache with name: ${name} doesn't exist`);
  return items;
}

const keyOf = request => Buffer.from(request.cache_key).toString('latin1');

function find(items, key) {
  const item = items.get(key);
  return item && item.until > Date.now() ? item.body : undefined;
}

function put(items, key, body, timeToLive) {
  if (!(timeToLive > 0 && timeToLive <= TIME_TO_LIVE_MAX_MS))
    throw new Refusal(grpc.status.INVALID_ARGUMENT, `a time to live of ${timeToLive} ms`);
  items.set(key, {body: Buffer.from(body), until: Date.now() + timeToLive});
}

function increment(items, request) {
  const key = keyOf(request);
  const text = (find(items, key) ?? Buffer.from('0')).toString('latin1');
  if (!/^-?\d{1,19}$/.test(text))
    throw new Refusal(grpc.status.FAILED_PRECONDITION, 'failed to parse value into an integer');
  const value = BigInt(text) + request.amount;
  if (value > INT64_MAX || value < INT64_MIN) throw new Refusal(grpc.status.FAILED_PRECONDITION, 'integer overflow');
  put(items, key, value.toString(), request.timeToLive);
  return value;
}

function setIf(items, request) {
  const key = keyOf(request);
  const body = find(items, key);
  const equals = other => body !== undefined && body.equals(Buffer.from(other.value_to_check));
  let fits = false;
  if (request.has_absent) fits = body === undefined;
  else if (request.has_present) fits = body !== undefined;
  else if (request.has_equal) fits = equals(request.equal);
  else if (request.has_not_equal) fits = !equals(request.not_equal);
  else if (request.has_absent_or_equal) fits = body === undefined || equals(request.absent_or_equal);
  else if (request.has_present_and_not_equal) fits = body !== undefined && !equals(request.present_and_not_equal);
  else throw new Refusal(grpc.status.INVALID_ARGUMENT, 'no condition');
  if (fits) put(items, key, request.cache_body, request.ttl_milliseconds);
  return fits
    ? new cache._SetIfResponse({stored: new cache._SetIfResponse._Stored()})
    : new cache._SetIfResponse({not_stored: new cache._SetIfResponse._NotStored()});
}

// The generated code has 64-bit integers as floating-point numbers, which are not exact enough for a counter.
function readIncrement(bytes) {
  const reader = new BinaryReader(new Uint8Array(bytes));
  const request = {cache_key: new Uint8Array(), amount: 0n, timeToLive: 0};
  while (reader.nextField()) {
    switch (reader.getFieldNumber()) {
      case 1: request.cache_key = reader.readBytes(); break;
      case 2: request.amount = BigInt(reader.readInt64String()); break;
      case 3: request.timeToLive = reader.readUint64(); break;
      default: reader.skipField();
    }
  }
  return request;
}

function writeIncrement(value) {
  const writer = new BinaryWriter();
  if (value !== 0n) writer.writeInt64String(1, value.toString());
  return Buffer.from(writer.getResultBuffer());
}

function answering(handle) {
  return (call, callback) => {
    try {
      authorize(call);
      callback(null, handle(call));
    } catch (error) {
      callback(error instanceof Refusal ? error : {code: grpc.status.INTERNAL, details: String(error)});
    }
  };
}

const only = (definition, names) => Object.fromEntries(names.map(name => [name, definition[name]]));
const scs = only(cache.UnimplementedScsService.definition, ['Get', 'Set', 'SetIf', 'Delete']);
scs.Increment = {
  ...cache.UnimplementedScsService.definition.Increment,
  requestDeserialize: readIncrement,
  responseSerialize: writeIncrement,
};

const server = new grpc.Server();
server.addService(scs, {
  Get: answering(call => {
    const body = find(itemsOf(call), keyOf(call.request));
    return new cache._GetResponse(
      body === undefined ? {result: cache.ECacheResult.Miss} : {result: cache.ECacheResult.Hit, cache_body: body}
    );
  }),
  Set: answering(call => {
    put(itemsOf(call), keyOf(call.request), call.request.cache_body, call.request.ttl_milliseconds);
    return new cache._SetResponse({result: cache.ECacheResult.Ok});
  }),
  SetIf: answering(call => setIf(itemsOf(call), call.request)),
  Delete: answering(call => {
    itemsOf(call).delete(keyOf(call.request));
    return new cache._DeleteResponse();
  }),
  Increment: answering(call => increment(itemsOf(call), call.request)),
});
server.addService(only(control.UnimplementedScsControlService.definition, ['CreateCache']), {
  CreateCache: answering(call => {
    if (caches.has(call.request.cache_name)) throw new Refusal(grpc.status.ALREADY_EXISTS, 'the cache is there');
    caches.set(call.request.cache_name, new Map());
    return new control._CreateCacheResponse();
  }),
});
server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), error => {
  if (error) throw error;
});
