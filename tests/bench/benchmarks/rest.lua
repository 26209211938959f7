-- For wrk: how many milliseconds a connection waits before its next request.
function delay()
  return math.random(0, 2)
end
