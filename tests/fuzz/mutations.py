"""Changes that know what they change: a value of a JSON tree, a number of a project, a chunk of a file, a bit."""

import copy
import math

HUGE = 10**18
NUMBERS = (0, -1, 1, 2, 7, 255, 2**31, 2**32, 2**53, 2**63, 2**64, -(2**63), HUGE, 0.5, -0.5, 1e-9, 1e30, 1e308, -1e308)
TEXTS = (
    "",
    "x",
    "\0",
    "a\nb",
    "../../etc/passwd",
    "/dev/zero",
    "é" * 300,
    "\x1b[2J",
    "nan",
    "-1",
    "\ud800",
    "a" * 5000,
)
OTHERS = (None, True, False, [], {}, [[]], [None], {"a": 1})
RAW = (
    "[" * 100_000,
    '{"a":' * 5000 + "1" + "}" * 5000,
    "9" * 5000,
    "1e999",
    "NaN",
    "-Infinity",
    '"\\ud800"',
    "",
    "null",
    "[]",
    "\ufeff{}",
)


def places(tree, here=()):
    """The path of every value of a JSON tree."""
    yield here
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, child in children:
        yield from places(child, (*here, key))


def mutated_tree(random, tree, times=3):
    """A tree in which one to `times` values were changed, left out, doubled or nested."""
    tree = copy.deepcopy(tree)
    for _ in range(random.randint(1, times)):
        paths = [path for path in places(tree) if path]
        if not paths:
            return tree
        *way, last = random.choice(paths)
        inside = tree
        for key in way:
            inside = inside[key]
        kind = random.randrange(6)
        if kind == 0:
            del inside[last]
        elif kind == 1:
            inside[last] = random.choice(NUMBERS)
        elif kind == 2:
            inside[last] = random.choice(TEXTS)
        elif kind == 3:
            inside[last] = copy.deepcopy(random.choice(OTHERS))
        elif kind == 4:
            inside[last] = _near(random, inside[last])
        elif isinstance(inside, list):
            inside.insert(last, copy.deepcopy(random.choice(inside)))
        else:
            inside[f"{last}_"] = inside[last]
    return tree


def _near(random, value):
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return random.choice((value + 1, value - 1, -value, value * 1000, value * HUGE, float(value)))
    if isinstance(value, float):
        return random.choice((-value, value * 1e6, value + 1, math.floor(value) if math.isfinite(value) else 0))
    if isinstance(value, str):
        return random.choice((value[:-1], value + "x", value.upper(), value * 50))
    if isinstance(value, list):
        return random.choice((value[::-1], value[:1], value * 2))
    return dict(list(value.items())[:-1])


def mutated_bytes(random, content, times=4):
    """Bytes in which one to `times` spans were changed, cut out, doubled or filled."""
    found = bytearray(content)
    for _ in range(random.randint(1, times)):
        if not found:
            return bytes(random.randrange(256) for _ in range(random.randrange(32)))
        start = random.randrange(len(found))
        length = random.choice((1, 1, 2, 4, 8, 64))
        kind = random.randrange(6)
        if kind == 0:
            found[start] ^= 1 << random.randrange(8)
        elif kind == 1:
            del found[start : start + length]
        elif kind == 2:
            found[start:start] = found[start : start + length]
        elif kind == 3:
            found[start : start + length] = bytes((random.choice((0, 255, 127)),)) * length
        elif kind == 4:
            found[start : start + 4] = random.choice((0, 1, 2**31 - 1, 2**32 - 1)).to_bytes(
                4, random.choice(("little", "big"))
            )
        else:
            del found[start:]
    return bytes(found)


def mutated_lines(random, text, times=4):
    """A text of words in which one to `times` lines or words were changed."""
    lines = text.split("\n")
    for _ in range(random.randint(1, times)):
        place = random.randrange(len(lines))
        kind = random.randrange(7)
        if kind == 0:
            del lines[place]
        elif kind == 1:
            lines.insert(place, random.choice(lines))
        elif kind == 2:
            other = random.randrange(len(lines))
            lines[place], lines[other] = lines[other], lines[place]
        elif kind == 3:
            lines.insert(
                place, random.choice(("<ITEM", "<SOURCE WAVE", ">", "<", "<TRACK", '"', "TAKE SEL", "<" * 200))
            )
        else:
            words = lines[place].split(" ")
            word = random.randrange(len(words))
            words[word] = str(
                random.choice((*NUMBERS, "nan", "inf", "1e400", "", '"', "`", "-", "x", "9" * 400, *words))
            )
            lines[place] = " ".join(words)
        if not lines:
            return ""
    return "\n".join(lines)
