-- wrk -s store_counters.lua URL -- STORE N: increments one of N counters of a store with each request.
local counters, state, head, tail

function init(arguments)
  counters = tonumber(arguments[2])
  state = os.time() % 65521 + tonumber(string.match(tostring({}), "0x(%x+)"), 16) % 65521
  head = "POST /" .. arguments[1] .. "/counter-"
  tail = " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
end

function request()
  state = (state * 16807) % 2147483647  -- Lehmer's generator: stays below 2^53, so doubles are exact
  return head .. (state % counters) .. tail
end
