-- wrk -s keys.lua URL -- FILE N: increments one counter, each request with one of the first N keys of FILE.
-- With N = 1 it costs the client as much as with ten thousand, so that they can be compared.
local requests, count, state = {}, 0, 0

function init(arguments)
  local wanted = tonumber(arguments[2])
  state = os.time() % 65521 + tonumber(string.match(tostring({}), "0x(%x+)"), 16) % 65521
  for key in io.lines(arguments[1]) do
    if count == wanted then break end
    count = count + 1
    requests[count] = "POST /counter/increment?counter=orders-0000000 HTTP/1.1\r\nHost: localhost\r\nx-api-key: "
      .. key .. "\r\n\r\n"
  end
end

function request()
  state = (state * 16807) % 2147483647  -- Lehmer's generator: stays below 2^53, so doubles are exact
  return requests[state % count + 1]
end
