// A scenario with the AWS SDK for JavaScript v3: the document client on tables, conditions, queries, batches, transactions,
// pages and streams. Prints what it found as JSON. Usage: node document_client.mjs PACKAGES ENDPOINT TABLE
import { createRequire } from "node:module";

const [packages, endpoint, table] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const dynamodb = require("@aws-sdk/client-dynamodb");
const streams = require("@aws-sdk/client-dynamodb-streams");
const lib = require("@aws-sdk/lib-dynamodb");

const settings = { endpoint, region: "us-east-1", credentials: { accessKeyId: "any", secretAccessKey: "any" }, maxAttempts: 1 };
const low = new dynamodb.DynamoDBClient(settings);
const db = lib.DynamoDBDocumentClient.from(low, { marshallOptions: { removeUndefinedValues: true } });
const found = {};

const nameOfError = async (work) => {
  try {
    await work();
    return "none";
  } catch (error) {
    return error.name;
  }
};

async function tables() {
  await db.send(new dynamodb.CreateTableCommand({
    TableName: table,
    KeySchema: [{ AttributeName: "user", KeyType: "HASH" }, { AttributeName: "at", KeyType: "RANGE" }],
    AttributeDefinitions: [{ AttributeName: "user", AttributeType: "S" }, { AttributeName: "at", AttributeType: "N" },
      { AttributeName: "kind", AttributeType: "S" }],
    GlobalSecondaryIndexes: [{ IndexName: "by_kind", KeySchema: [{ AttributeName: "kind", KeyType: "HASH" },
      { AttributeName: "at", KeyType: "RANGE" }], Projection: { ProjectionType: "ALL" } }],
    BillingMode: "PAY_PER_REQUEST",
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
  }));
  const waited = await dynamodb.waitUntilTableExists({ client: low, maxWaitTime: 60 }, { TableName: table });
  found.waited = waited.state;
  found.twice = await nameOfError(() => db.send(new dynamodb.CreateTableCommand({
    TableName: table, KeySchema: [{ AttributeName: "a", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "a", AttributeType: "S" }], BillingMode: "PAY_PER_REQUEST" })));
}

async function items() {
  const item = { user: "ann", at: 1, text: "h\u00e9llo \u2603", big: 12345678901234567n, list: [1, "two", { three: [true, null] }],
    words: new Set(["a", "b"]), numbers: new Set([1, 2.5]), bytes: new Uint8Array([0, 1, 255]), nothing: undefined };
  await db.send(new lib.PutCommand({ TableName: table, Item: item }));
  const { Item } = await db.send(new lib.GetCommand({ TableName: table, Key: { user: "ann", at: 1 }, ConsistentRead: true }));
  found.read = { ...Item, words: [...Item.words].sort(), numbers: [...Item.numbers].sort(), bytes: [...Item.bytes],
    big: String(Item.big) };
  found.missing = (await db.send(new lib.GetCommand({ TableName: table, Key: { user: "nobody", at: 1 } }))).Item ?? "none";
  const updated = await db.send(new lib.UpdateCommand({
    TableName: table, Key: { user: "ann", at: 1 }, ReturnValues: "UPDATED_NEW",
    UpdateExpression: "SET #c = if_not_exists(#c, :zero) + :one REMOVE big",
    ExpressionAttributeNames: { "#c": "count" }, ExpressionAttributeValues: { ":zero": 0, ":one": 1 } }));
  found.updated = updated.Attributes;
  found.condition = await nameOfError(() => db.send(new lib.PutCommand({
    TableName: table, Item: { user: "ann", at: 1 }, ConditionExpression: "attribute_not_exists(#u)",
    ExpressionAttributeNames: { "#u": "user" } })));
  found.validation = await nameOfError(() => db.send(new lib.UpdateCommand({
    TableName: table, Key: { user: "ann", at: 1 }, UpdateExpression: "FOO" })));
  const deleted = await db.send(new lib.DeleteCommand({ TableName: table, Key: { user: "ann", at: 1 }, ReturnValues: "ALL_OLD" }));
  found.deleted = deleted.Attributes.count;
}

async function many() {
  const puts = [...Array(20).keys()].map((i) => ({ PutRequest: { Item: { user: i % 2 ? "odd" : "even", at: i, kind: `k${i % 3}` } } }));
  const written = await db.send(new lib.BatchWriteCommand({ RequestItems: { [table]: puts } }));
  found.unprocessed = Object.keys(written.UnprocessedItems).length;
  const read = await db.send(new lib.BatchGetCommand({ RequestItems: { [table]: { Keys: [{ user: "odd", at: 1 }, { user: "even", at: 1 }] } } }));
  found.batch = read.Responses[table];
  const query = { TableName: table, KeyConditionExpression: "#u = :u AND #a BETWEEN :x AND :y",
    ExpressionAttributeNames: { "#u": "user", "#a": "at" }, ExpressionAttributeValues: { ":u": "odd", ":x": 5, ":y": 11 } };
  found.query = (await db.send(new lib.QueryCommand(query))).Items.map((item) => item.at);
  found.pages = [];
  for await (const page of lib.paginateQuery({ client: db, pageSize: 2 }, { ...query, ScanIndexForward: false })) {
    found.pages.push(page.Items.map((item) => item.at));
  }
  found.pages = found.pages.filter((page) => page.length); // a full last page need not know that it is the last
  found.index = (await db.send(new lib.QueryCommand({ TableName: table, IndexName: "by_kind", KeyConditionExpression: "kind = :k",
    ExpressionAttributeValues: { ":k": "k0" } }))).Items.map((item) => item.at);
  found.scanned = 0;
  for await (const page of lib.paginateScan({ client: db, pageSize: 7 }, { TableName: table })) {
    found.scanned += page.Count;
  }
}

async function transactions() {
  await db.send(new lib.TransactWriteCommand({ TransactItems: [
    { Put: { TableName: table, Item: { user: "t", at: 1, n: 1 } } },
    { Update: { TableName: table, Key: { user: "t", at: 2 }, UpdateExpression: "SET n = :n", ExpressionAttributeValues: { ":n": 2 } } }] }));
  const read = await db.send(new lib.TransactGetCommand({ TransactItems: [1, 2].map((at) => ({ Get: { TableName: table, Key: { user: "t", at } } })) }));
  found.transaction = read.Responses.map((each) => each.Item.n);
  try {
    await db.send(new lib.TransactWriteCommand({ TransactItems: [
      { Put: { TableName: table, Item: { user: "t", at: 3 } } },
      { ConditionCheck: { TableName: table, Key: { user: "t", at: 1 }, ConditionExpression: "n = :n", ExpressionAttributeValues: { ":n": 9 } } }] }));
  } catch (error) {
    found.cancelled = { name: error.name, reasons: error.CancellationReasons.map((reason) => reason.Code) };
  }
}

async function stream() {
  const client = new streams.DynamoDBStreamsClient(settings);
  const { Table } = await low.send(new dynamodb.DescribeTableCommand({ TableName: table }));
  const { StreamDescription } = await client.send(new streams.DescribeStreamCommand({ StreamArn: Table.LatestStreamArn }));
  const events = { INSERT: 0, MODIFY: 0, REMOVE: 0 };
  for (const shard of StreamDescription.Shards) {
    let { ShardIterator } = await client.send(new streams.GetShardIteratorCommand({ StreamArn: Table.LatestStreamArn,
      ShardId: shard.ShardId, ShardIteratorType: "TRIM_HORIZON" }));
    while (ShardIterator) {
      const page = await client.send(new streams.GetRecordsCommand({ ShardIterator }));
      page.Records.forEach((record) => { events[record.eventName] += 1; });
      ShardIterator = page.Records.length ? page.NextShardIterator : undefined;
    }
  }
  found.events = events;
}

for (const part of [tables, items, many, transactions, stream]) {
  await part();
}
await low.send(new dynamodb.DeleteTableCommand({ TableName: table }));
found.gone = (await dynamodb.waitUntilTableNotExists({ client: low, maxWaitTime: 60 }, { TableName: table })).state;
console.log(JSON.stringify(found));
