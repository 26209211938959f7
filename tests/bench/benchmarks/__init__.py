"""The benchmarks, one module each, in the order in which they run.

A module has `LEADING`, by which metric subjects are compared and whether more of it is better; `run(bench)`, a
generator of result rows; and `targets(results)`, which yields what is aimed at and whether it was reached.
"""

from . import (call_site, client_gone, compile_time, context, durable, flush, http, idle, json_to_file, lone_record, memory, metrics, scrape,
               steady_state, text_to_file)

ALL = {module.__name__.rpartition(".")[2]: module
       for module in (call_site, text_to_file, json_to_file, lone_record, durable, flush, memory, idle, steady_state,
                      compile_time, context, metrics, scrape, http, client_gone)}
