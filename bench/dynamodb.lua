-- wrk -s dynamodb.lua URL -- BODY_FILE KEYS PREPARED [HEADER VALUE]...: posts the body of the file to a DynamoDB.
-- In it {key} stands for a random number below KEYS, and {next} for the next of KEYS numbers that are this thread's
-- own, so that no two requests under way have the same. A body without either is sent as it is.
-- PREPARED: so many requests are made before the first is sent, and sent round and round, which costs the client
-- least; 0: each is made when it is sent.
local KEY_FORMAT = "%08d"  -- one width, so that the length is always the same
local threads = 0          -- of wrk's own state: setup() runs there
local keys, state, following
local pieces, kinds, prepared = {}, {}, {}
local sent = 0

function setup(thread)
  thread:set("thread_number", threads)
  threads = threads + 1
end

local function random_key()
  state = (state * 16807) % 2147483647  -- Lehmer's generator: stays below 2^53, so doubles are exact
  return string.format(KEY_FORMAT, state % keys)
end

local function next_key()
  following = (following + 1) % keys
  return string.format(KEY_FORMAT, thread_number * keys + following)
end

local function numbered_request()
  local position = 2
  for _, kind in ipairs(kinds) do
    pieces[position] = kind()
    position = position + 2
  end
  return table.concat(pieces)
end

local function prepared_request()
  sent = sent % #prepared + 1
  return prepared[sent]
end

-- The texts between the numbers are the odd ones of pieces; the even ones are new in each request.
local function split(body)
  local start, length = 1, 0
  while true do
    local first, last, name = string.find(body, "{(%l+)}", start)
    if not first then break end
    pieces[#pieces + 1] = string.sub(body, start, first - 1)
    pieces[#pieces + 1] = string.format(KEY_FORMAT, 0)
    kinds[#kinds + 1] = name == "next" and next_key or random_key
    start = last + 1
  end
  pieces[#pieces + 1] = string.sub(body, start)
  for _, piece in ipairs(pieces) do length = length + #piece end
  return length
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  local body = file:read("*a")
  file:close()
  keys = tonumber(arguments[2])
  following = 0
  state = os.time() % 65521 + tonumber(string.match(tostring({}), "0x(%x+)"), 16) % 65521
  wrk.method, wrk.body = "POST", body
  for i = 4, #arguments, 2 do wrk.headers[arguments[i]] = arguments[i + 1] end
  local length = split(body)
  if #kinds == 0 then return end
  local head = { "POST / HTTP/1.1\r\nHost: ", wrk.host, ":", wrk.port, "\r\nContent-Length: ", length, "\r\n" }
  for i = 4, #arguments, 2 do
    head[#head + 1] = arguments[i] .. ": " .. arguments[i + 1] .. "\r\n"
  end
  pieces[1] = table.concat(head) .. "\r\n" .. pieces[1]
  for i = 1, tonumber(arguments[3]) do prepared[i] = numbered_request() end
  request = #prepared > 0 and prepared_request or numbered_request
end
