"""Digits drawn with a pen, of any thickness and size, as bright ink on a dark ground."""

import numpy as np
from PIL import Image, ImageDraw

ROUND = np.linspace(0, 2 * np.pi, 200)
OPEN = np.linspace(-1.3, 4.7, 200)


def ring(aspect, angles=ROUND):
    return [(aspect / 2 * np.cos(a), np.sin(a) / 2) for a in angles]


# Name: digit, slant, lines through points (to the right, down), in heights of the digit.
SHAPES = {
    "narrow zero": (0, 0.0, [ring(0.5)]),
    "zero": (0, 0.0, [ring(0.7)]),
    "round zero": (0, 0.0, [ring(1.0)]),
    "slanted zero": (0, 0.25, [ring(0.6)]),
    "open zero": (0, 0.1, [ring(0.8, OPEN)]),
    "bar": (1, 0.0, [[(0, -0.5), (0, 0.5)]]),
    "slanted bar": (1, 0.45, [[(0, -0.5), (0, 0.5)]]),
    "flat bar": (1, 0.8, [[(0, -0.5), (0, 0.5)]]),
    "bar to the left": (1, -0.2, [[(0, -0.5), (0, 0.5)]]),
    "one with a serif": (1, 0.0, [[(-0.22, -0.28), (0, -0.5), (0, 0.5)]]),
    "one with a foot": (
        1,
        0.2,
        [[(-0.22, -0.28), (0, -0.5), (0, 0.5)], [(-0.22, 0.5), (0.22, 0.5)]],
    ),
}


def arc(x, y, width, height, *angles):
    """List points of an ellipse between two angles, in degrees, clockwise from the right."""
    angles = np.radians(np.linspace(*angles, 60))
    return [(x + width / 2 * np.cos(a), y + height / 2 * np.sin(a)) for a in angles]


# The other eight digits, of the same form.
OTHERS = {
    "two": (2, 0.0, [[*arc(0, -0.22, 0.5, 0.56, 190, 380), (-0.26, 0.5), (0.3, 0.5)]]),
    "slanted two": (2, 0.25, [[*arc(0, -0.22, 0.5, 0.56, 190, 380), (-0.26, 0.5), (0.3, 0.5)]]),
    "three": (
        3,
        0.0,
        [[*arc(0, -0.24, 0.46, 0.52, 200, 440), *arc(0, 0.24, 0.54, 0.52, 280, 510)]],
    ),
    "slanted three": (
        3,
        0.2,
        [[*arc(0, -0.24, 0.46, 0.52, 200, 440), *arc(0, 0.24, 0.54, 0.52, 280, 510)]],
    ),
    "open four": (
        4,
        0.0,
        [[(-0.22, -0.5), (-0.28, 0.08), (0.3, 0.08)], [(0.2, -0.45), (0.16, 0.5)]],
    ),
    "slanted four": (
        4,
        0.2,
        [[(-0.22, -0.5), (-0.28, 0.08), (0.3, 0.08)], [(0.2, -0.45), (0.16, 0.5)]],
    ),
    "five": (
        5,
        0.0,
        [[(0.28, -0.5), (-0.2, -0.5), (-0.22, -0.06), *arc(-0.02, 0.2, 0.56, 0.6, 225, 500)]],
    ),
    "slanted five": (
        5,
        0.25,
        [[(0.28, -0.5), (-0.2, -0.5), (-0.22, -0.06), *arc(-0.02, 0.2, 0.56, 0.6, 225, 500)]],
    ),
    "six": (6, 0.0, [[*arc(0.22, 0.1, 0.9, 1.2, 265, 180), *arc(0, 0.22, 0.46, 0.56, 180, 545)]]),
    "slanted six": (
        6,
        0.2,
        [[*arc(0.22, 0.1, 0.9, 1.2, 265, 180), *arc(0, 0.22, 0.46, 0.56, 180, 545)]],
    ),
    "seven": (7, 0.0, [[(-0.28, -0.48), (0.28, -0.48), (-0.04, 0.5)]]),
    "slanted seven": (7, 0.15, [[(-0.28, -0.48), (0.28, -0.48), (0.06, 0.5)]]),
    "eight": (8, 0.0, [arc(0, -0.25, 0.4, 0.5, 0, 360), arc(0, 0.25, 0.48, 0.5, 0, 360)]),
    "slanted eight": (8, 0.25, [arc(0, -0.25, 0.4, 0.5, 0, 360), arc(0, 0.25, 0.48, 0.5, 0, 360)]),
    "nine": (9, 0.0, [arc(0, -0.24, 0.46, 0.5, 0, 360), [(0.23, -0.28), (0.2, 0.5)]]),
    "slanted nine": (9, 0.2, [arc(0, -0.24, 0.46, 0.5, 0, 360), [(0.23, -0.28), (0.2, 0.5)]]),
}


def draw(name, size, pen, *, height=0.7, smooth=4):
    """Draw a shape into the middle of a square, in [0, 1]; edges are grey if smooth is above 1."""
    _, slant, lines = {**SHAPES, **OTHERS}[name]
    side, width = size * smooth, max(1, round(pen * smooth))
    picture = Image.new("L", (side, side))
    canvas = ImageDraw.Draw(picture)
    for line in lines:
        points = [
            (side / 2 + height * side * (x - slant * y), side / 2 + height * side * y)
            for x, y in line
        ]
        canvas.line(points, fill=255, width=width, joint="curve")
        for x, y in points:
            canvas.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=255)
    return np.asarray(picture.resize((size, size), Image.Resampling.BOX), np.float64) / 255


def grid():
    """List sizes from 20 to 1,000 pixels, pens up to a tenth of them, and heights."""
    for size in (20, 28, 40, 64, 100, 200, 300, 500, 1000):
        for pen in sorted({1.0, 2.0, 3.0, 0.03 * size, 0.06 * size, 0.1 * size}):
            if 1 <= pen <= max(1, size / 10):
                yield from ((size, pen, height) for height in (0.5, 0.7, 0.9) if height * size > 13)
