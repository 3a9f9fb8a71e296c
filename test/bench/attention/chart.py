"""A chart of lines with logarithmic axes, as SVG."""
import math

COLOURS = ["#1b6ca8", "#c8553d", "#588b4b", "#8f5fa8", "#b8860b", "#555555"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 440, 70, 110, 40, 50


def ticks(low, high):
    """1, 10, 100, ... that cover the numbers."""
    return [10**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def write(path, title, x_label, y_label, xs, lines):
    """lines: name -> a number for each of xs."""
    values = [y for line in lines.values() for y in line]
    marks = ticks(min(values), max(values))
    low, high = math.log(marks[0]), math.log(marks[-1])

    def x_of(x):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(x / xs[0]) / math.log(xs[-1] / xs[0])

    def y_of(y):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (math.log(y) - low) / (high - low)

    def text(x, y, content, anchor="middle", colour="#222"):
        return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{content}</text>'

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>', text(WIDTH / 2, 22, title),
             text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, x_label),
             f'<g transform="rotate(-90 16 {HEIGHT / 2})">{text(16, HEIGHT / 2, y_label)}</g>']
    for mark in marks:
        parts += [f'<path d="M{LEFT} {y_of(mark):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>', text(LEFT - 6, y_of(mark) + 4, f"{mark:g}", "end")]
    for x in xs:
        parts += [f'<path d="M{x_of(x):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#eee"/>', text(x_of(x), HEIGHT - BOTTOM + 16, f"{x // 1024} k")]
    ends = []
    for (name, line), colour in zip(lines.items(), COLOURS):
        points = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in zip(xs, line))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        ends.append((y_of(line[-1]), name, colour))
    below = 0.0
    for y, name, colour in sorted(ends):  # names do not overlap
        below = max(y + 4, below + 14)
        parts.append(text(WIDTH - RIGHT + 6, below, name, "start", colour))
    with open(path, "w") as file:
        file.write("\n".join(parts) + "\n</svg>\n")
