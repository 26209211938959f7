-- A steady pace instead of as fast as it goes: the demo is about what is counted, tests/bench about how fast.
function delay() return 2 end
