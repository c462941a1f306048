-- wrk -s counters.lua URL -- N: increments one of N counters with each request, all names of one length.
-- With N = 1 it costs the client as much as with a million, so the two can be compared.
local counters, state, head, tail

function init(arguments)
  counters = tonumber(arguments[1])
  state = os.time() % 65521 + tonumber(string.match(tostring({}), "0x(%x+)"), 16) % 65521
  head = "POST /counter/increment?counter=orders-"
  tail = " HTTP/1.1\r\nHost: localhost\r\n\r\n"
end

function request()
  state = (state * 16807) % 2147483647  -- Lehmer's generator: stays below 2^53, so doubles are exact
  return head .. string.format("%07d", state % counters) .. tail
end
