"""Draws speeds of prompt processing as an SVG: a bar for each result, in percent of the int8 peak.

usage: picture.py FILE.json... >picture.svg

A file is an object {"title", "note", "peak": texts; "int8_gops": the peak; "results": [...]}, as
tools/speed.json, or what `slm-bench --json` prints. A result is an object {"group", "engine",
"type": texts; "prompt_gops": the speed; "int8_gops": its own peak, else the file's}. An object of
`slm-bench --json` is a result too: its engine is slm.h, its peak the probe beside it. The first
file that has a text gives it. Results stay in their order, under a heading where the group changes.
The same input gives the same bytes; tools/speed.svg is tools/speed.json, drawn.
"""
import json
import sys
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 800, 240, 60  # the bars lie between LEFT and WIDTH - RIGHT
BAR, STEP, HEADING, TOP, BOTTOM = 20, 27, 34, 78, 56
OURS, PEERS = "#1f5fa8", ("#8793a0", "#bcc4cc")  # a colour for each other engine, in turn
INK, FAINT, GRID = "#1b1f24", "#57606a", "#d8dde2"


def read(paths):
    """The texts of all files, and their results with "percent" and without what is missing."""
    texts = {"title": "Prompt processing, percent of the int8 peak", "note": "", "peak": ""}
    found, results = {}, []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            whole = json.load(file)
        for key in texts:
            if key in whole:
                found.setdefault(key, whole[key])
        for entry in whole.get("results", [whole]):
            speed, peak = entry.get("prompt_gops"), entry.get("int8_gops", whole.get("int8_gops"))
            if not speed or not peak:
                sys.exit(f"{path}: a result lacks prompt_gops or int8_gops")
            results.append({"group": entry.get("group", ""), "engine": entry.get("engine", "slm.h"),
                            "type": entry.get("type", ""), "percent": 100 * speed / peak})
    texts.update(found)
    return texts, results


def text(x, y, content, size=13, ink=INK, more=""):
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{ink}"{more}>{escape(content)}</text>'


def colours(results):
    peers = list(dict.fromkeys(r["engine"] for r in results if r["engine"] != "slm.h"))
    return {"slm.h": OURS, **{name: PEERS[i % len(PEERS)] for i, name in enumerate(peers)}}


def bars(results):
    """The lines that draw the results, and the y below the last one."""
    scale, colour = (WIDTH - LEFT - RIGHT) / 100, colours(results)
    lines, y, group = [], TOP, ""
    for result in results:
        if result["group"] != group:
            group = result["group"]
            lines.append(text(20, y + HEADING - 12, group, 13, FAINT, ' font-weight="bold"'))
            y += HEADING
        bold = ' font-weight="bold"' if result["engine"] == "slm.h" else ""
        end = LEFT + scale * min(result["percent"], 100)
        label = f'{result["engine"]} {result["type"]}'.strip()
        lines += [
            text(LEFT - 10, y + 15, label, 13, INK, ' text-anchor="end"' + bold),
            f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" height="{BAR}"'
            f' fill="{colour[result["engine"]]}"/>',
            f'<rect x="{end + 1:.1f}" y="{y}" width="38" height="{BAR}" fill="#ffffff"/>',
            text(round(end + 6, 1), y + 15, f'{result["percent"]:.0f}%', 13, INK, bold)]
        y += STEP
    return lines, y


def draw(texts, results):
    rows, bottom = bars(results)
    height = bottom + BOTTOM
    says = "; ".join(f'{r["engine"]} {r["type"]} {r["percent"]:.0f}%' for r in results)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}" role="img" font-family="Helvetica, Arial, sans-serif">',
        f'<title>{escape(texts["title"])}</title>', f"<desc>{escape(says)}</desc>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        text(20, 34, texts["title"], 18, INK, ' font-weight="bold"'),
        text(20, 56, texts["note"], 13, FAINT)]
    for percent in (0, 25, 50, 75, 100):
        x = LEFT + (WIDTH - LEFT - RIGHT) * percent / 100
        lines += [f'<path d="M{x:g} {TOP}V{bottom}" stroke="{GRID}"/>',
                  text(x, bottom + 18, f"{percent}%", 12, FAINT, ' text-anchor="middle"')]
    lines += rows
    lines += [text(20, bottom + 42, texts["peak"], 12, FAINT), "</svg>"]
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stdout if "--help" in sys.argv else sys.stderr)
        return 0 if "--help" in sys.argv else 2
    sys.stdout.buffer.write(draw(*read(sys.argv[1:])).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
