"""The owner of a Beast server changes ten lines at most: what its examples mark is that few, and all there is."""

import pathlib

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"

for server in ["03_existing_server", "18_coroutine_server", "19_tls_server", "20_websocket"]:
    lines = (EXAMPLES / server / "main.cpp").read_text().splitlines()
    marked = [line for line in lines if "// weir" in line]
    unmarked = [line for line in lines if "weir" in line.split("//")[0] and line not in marked]
    print(f"{server}: {len(marked)} lines")
    assert 0 < len(marked) <= 10, "\n".join(marked)
    assert not unmarked, "\n".join(unmarked)
