"""Pictures from anywhere: files of all kinds, and what becomes of them."""

import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFilter

from cnnbook import pictures
from cnnbook.mnist import load_zero_one
from cnnbook.model import zero_one_network
from cnnbook.pictures import prepare, read_picture
from cnnbook.runs import NETWORKS, Configuration, load_weights, train_run
from cnnbook.train import fit
from tests.drawn import OTHERS, SHAPES, draw, grid


def stroke(height=60, width=40, ink=0.0, paper=255.0):
    levels = np.full((height, width), paper)
    levels[height // 6 : -height // 6, width // 2 - 2 : width // 2 + 2] = ink
    return levels


def saved(tmp_path, picture, name="picture.png", **options):
    picture.save(tmp_path / name, **options)
    return tmp_path / name


def test_polarity_does_not_matter():
    dark_on_bright, steps = prepare(stroke())
    bright_on_dark, other_steps = prepare(255 - stroke())
    np.testing.assert_allclose(dark_on_bright, bright_on_dark)
    assert any(step.startswith("inverted") for step in steps)
    assert not any(step.startswith("inverted") for step in other_steps)


def test_grey_levels_may_be_anywhere():
    expected, _ = prepare(stroke())
    faint, _ = prepare(stroke(ink=100.0, paper=140.0))
    np.testing.assert_allclose(faint, expected, atol=1e-6)


def test_a_dark_grey_border_is_still_dark():
    levels = stroke(ink=1.0, paper=0.4)
    levels[30, 5] = 0
    assert not any(step.startswith("inverted") for step in prepare(levels)[1])


def test_a_small_picture_is_enlarged():
    image, steps = prepare(stroke(12, 8, ink=1.0, paper=0.0))
    assert "scaled it to 20 x" in " ".join(steps)
    assert image.sum() > 20


def test_a_lone_pixel_far_from_the_middle():
    levels = np.zeros((50, 50))
    levels[3, 45] = 9
    image, _ = prepare(levels)
    assert image.sum() > 0


def test_a_heavy_corner_still_fits():
    levels = np.zeros((28, 28))
    levels[0, :] = 0.2
    levels[:, 0] = 0.2
    levels[0:3, 0:3] = 1
    image, _ = prepare(levels[:, :27])
    assert image.shape == (1, 1, 28, 28)


@pytest.mark.parametrize("level", [0.0, 255.0])
def test_a_blank_picture_is_refused(level):
    with pytest.raises(ValueError, match=f"^picture: expected a digit; it is blank.* {level:g}"):
        prepare(np.full((5, 5), level))


def test_sixteen_bits_are_not_cut_off(tmp_path):
    picture = Image.fromarray((stroke() * 200).astype(np.uint16))
    np.testing.assert_array_equal(read_picture(saved(tmp_path, picture)), stroke() * 200)


def test_transparency_is_paper(tmp_path):
    rgba = np.zeros((60, 40, 4), np.uint8)
    rgba[..., 3] = 255 - stroke()
    levels = read_picture(saved(tmp_path, Image.fromarray(rgba)))
    np.testing.assert_array_equal(levels, stroke())


def test_no_picture_is_named(tmp_path):
    path = tmp_path / "picture.png"
    with pytest.raises(FileNotFoundError, match=r"picture\.png"):
        read_picture(path)
    path.write_text("not a picture")
    with pytest.raises(ValueError, match=r"picture\.png: expected an image file"):
        read_picture(path)
    whole = saved(tmp_path, Image.fromarray(stroke(300, 300).astype(np.uint8))).read_bytes()
    for length in (40, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises((ValueError, OSError)):
            read_picture(path)


def test_a_decoder_of_any_kind_may_fail(tmp_path):
    pytest.importorskip("PIL._avif", reason="this Pillow reads no AVIF")
    path = saved(tmp_path, Image.fromarray(stroke(64, 64).astype(np.uint8)), "picture.avif")
    whole = bytearray(path.read_bytes())
    whole[-40:] = bytes(40)
    path.write_bytes(whole[:-10])
    with pytest.raises(ValueError, match=r"picture\.avif: expected an image file"):
        read_picture(path)


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        (np.zeros((4, 4, 3)), r"picture: expected shape \(H, W\).* got \(4, 4, 3\)"),
        (np.zeros((0, 4)), r"picture: expected shape \(H, W\).* got \(0, 4\)"),
        (np.array([[0.0, np.nan]]), r"picture: expected finite numbers; got nan"),
        (np.array([[0.0, np.inf]]), r"picture: expected finite numbers; got inf"),
    ],
)
def test_what_is_no_picture_is_refused(levels, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        prepare(levels)


@pytest.mark.parametrize(
    ("levels", "dtype"),
    [("a picture", "<U9"), (None, "object"), (np.eye(9) * 1j, "complex128"), ([["a"]], "<U1")],
)
def test_what_has_no_levels_is_refused(levels, dtype):
    with pytest.raises(TypeError, match=f"^picture: expected real numbers; got {dtype}$"):
        prepare(levels)


def test_small_integers_do_not_overflow():
    levels = stroke(ink=100, paper=-100)
    np.testing.assert_array_equal(prepare(levels.astype(np.int8))[0], prepare(levels)[0])
    assert prepare(levels > 0)[0].max() > 0.9


def test_a_fat_digit_does_not_pass_for_the_ground():
    levels = np.zeros((30, 30))
    levels[2:-2, 2:-2] = 1
    assert not is_inverted(levels)
    assert is_inverted(1 - levels)


def test_polarity_is_decided_by_the_whole_border_and_its_middle_value():
    levels = stroke(ink=1.0, paper=0.2)
    levels[30, 5] = 0
    levels[0] = 1  # one edge of four is bright
    assert not is_inverted(levels)
    levels = stroke(ink=1.0, paper=0.3)
    levels[30, 5] = 0
    levels[:, 0] = 1  # brighter than one half on average, not in the middle
    levels[0, :25] = 1
    assert not is_inverted(levels)


def test_a_grey_ground_above_one_half_is_bright():
    levels = stroke(ink=0.0, paper=0.7)
    levels[20, 20] = 1
    assert is_inverted(levels)


def test_float_pictures_keep_their_levels(tmp_path):
    levels = np.linspace(0, 1000, 12, dtype=np.float32).reshape(3, 4)
    Image.fromarray(levels).save(tmp_path / "a.tiff")
    got = read_picture(tmp_path / "a.tiff")
    assert (got == levels).all()
    assert got.dtype == np.float64
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").dtype == np.float64


def is_inverted(levels):
    return any(step.startswith("inverted") for step in prepare(levels)[1])


def test_every_step_is_said_in_order():
    levels = np.zeros((30, 100))
    levels[12:19, 20:60] = 2.5
    said = [
        "stretched grey levels 0 to 2.5 to the range 0 to 1",
        "not inverted: the border is dark, so the digit is bright on a dark ground",
        "cropped the digit, 7 x 40 pixels, out of 30 x 100",
        "kept its strokes, 3.0 pixels wide",
        "scaled it to 4 x 20 pixels",
        "moved its centre of mass to the middle of 28 x 28 pixels",
    ]
    assert prepare(levels)[1] == said
    said[1] = "inverted: the border is bright, so the digit is dark on a bright ground"
    assert prepare(2.5 - levels)[1] == said


def test_strokes_are_thickened_and_thinned_and_that_is_said():
    hair = np.zeros((80, 20))
    hair[10:70, 9] = 1
    assert "thickened its strokes from 0.3 to 2.0 pixels" in prepare(hair)[1]
    ring = draw("round zero", 100, 25)
    assert any(step.startswith("thinned its strokes") for step in prepare(ring)[1])


def test_a_crop_of_nearly_the_whole_picture_is_warned_of():
    levels = draw("round zero", 60, 5, height=0.9)
    assert any(step.startswith("warning: that is nearly the whole") for step in prepare(levels)[1])
    assert not any("warning" in step for step in prepare(draw("zero", 60, 5))[1])


@pytest.mark.parametrize("factor", [1, 3, 10])
def test_size_does_not_matter(factor):
    big = np.kron(stroke(), np.ones((factor, factor)))
    assert prepare(big)[0].sum() == pytest.approx(prepare(stroke())[0].sum(), rel=0.15)


def test_a_picture_beyond_a_thousand_pixels_is_averaged():
    _, steps = prepare(draw("zero", 1500, 9, smooth=1))
    assert any(step.endswith("out of 750 x 750") for step in steps)


@pytest.mark.parametrize("name", SHAPES)
def test_the_result_has_the_form_of_mnist(name):
    image, _ = prepare(draw(name, 90, 2))
    assert image.shape == (1, 1, 28, 28)
    assert image.dtype == np.float32
    assert image.min() == 0
    assert image.max() == 1
    height, width = (np.ptp(np.flatnonzero(image[0, 0].any(axis=a))) + 1 for a in (1, 0))
    assert max(height, width) == 20, "20 pixels in its longer direction"
    for axis in (0, 1):
        centre = image[0, 0].sum(axis=1 - axis) @ np.arange(28) / image.sum()
        assert abs(centre - 14) <= 0.5 + 1e-5


def test_images_of_mnist_stay_nearly_as_they_are():
    images, _ = load_zero_one().test
    changed = [
        np.abs(prepare(image * 255)[0][0, 0] - image / image.max()).mean()
        for image in images[:100, 0]
    ]
    assert np.median(changed) < 0.02, "of pixels from 0 to 1"


def test_the_centre_is_as_near_as_the_rim_allows():
    digit = np.zeros((20, 20))
    digit[:, 10] = 0.1
    digit[19] = 1
    assert np.flatnonzero(pictures._centre(digit).any(axis=1))[[0, -1]].tolist() == [0, 19]
    assert np.flatnonzero(pictures._centre(digit[::-1]).any(axis=1))[[0, -1]].tolist() == [8, 27]


# -- Is every picture read right? -----------------------------------------------------------------


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """Train for one epoch, which is enough for 99 % of the test images."""
    folder = tmp_path_factory.mktemp("pictures") / "run"
    train_run(folder, Configuration(epochs=1), load_zero_one())
    model = zero_one_network(np.random.default_rng(0))
    load_weights(folder, model)
    return model


def reads(model, levels):
    return int(model.predict(prepare(levels)[0]).argmax())


def misread(model, drawn):
    return [label for label, levels in drawn if reads(model, levels) != SHAPES[label[0]][0]]


def thinned_grid():
    """Take a third of all sizes, pens and heights; shapes, edges and polarity take turns."""
    names = list(SHAPES)
    for index, (size, pen, height) in enumerate(list(grid())[::3]):
        name = names[index % len(names)]
        levels = draw(name, size, pen, height=height, smooth=1 + 3 * (index % 2))
        yield (name, size, pen, height), levels if index // 2 % 2 else 255 - 255 * levels


def test_pens_of_any_thickness_are_read_right(network):
    assert misread(network, thinned_grid()) == []


@pytest.fixture(scope="module")
def ten():
    """Train the other network for two epochs on the embedded images of all ten digits."""
    kind = NETWORKS["digits"]
    rng = np.random.default_rng(0)
    model = kind.build(rng)
    optimizer = kind.defaults.optimizer(model.parameters())
    optimizer.learning_rate = 0.02  # of few epochs, a smaller one
    fit(model, kind.loss(), optimizer, *kind.load(None).train, epochs=2, batch_size=32, rng=rng)
    return model


@pytest.mark.slow
def test_drawings_of_all_ten_digits_are_read_right(ten):
    wrong = [
        (name, size, pen, height, dark)
        for name, (digit, *_) in (SHAPES | OTHERS).items()
        for size, pen, height in [(28, 2.0, 0.7), (100, 8.0, 0.6), (300, 20.0, 0.9)]
        for drawn in [draw(name, size, pen, height=height)]
        for dark in (False, True)
        if reads(ten, 255 - 255 * drawn if dark else drawn) != digit
    ]
    assert wrong == []


def photograph(name, light, rng, *, size=240, noise=0.03, blur=1.0):
    """Draw on paper, light it, and add a camera's blur and noise; from 0 to 255."""
    ink = draw(name, size, 0.03 * size, height=0.5)
    levels = light(*np.mgrid[:size, :size] / size) * (0.85 - 0.6 * ink)
    picture = Image.fromarray(np.uint8(255 * levels)).filter(ImageFilter.GaussianBlur(blur))
    levels = np.asarray(picture) + 255 * noise * rng.standard_normal(levels.shape)
    return np.clip(np.round(levels), 0, 255)


LIGHTS = {
    "even": lambda y, x: np.ones_like(x),
    "from the left": lambda y, x: 1 - 0.6 * x,
    "from a corner": lambda y, x: 1 - 0.35 * (x + y),
    "darker corners": lambda y, x: 1 - 1.2 * ((x - 0.5) ** 2 + (y - 0.5) ** 2),
    "a shadow over half of it": lambda y, x: np.where(x + y / 3 > 0.6, 1, 0.45),
    "a shadow over most of it": lambda y, x: np.where(x + y / 3 > 0.9, 1, 0.45),
}


@pytest.mark.parametrize("light", LIGHTS)
def test_photographs_are_read_right(network, light):
    rng = np.random.default_rng(0)
    for name, (digit, _, _) in list(SHAPES.items())[list(LIGHTS).index(light) % 2 :: 2]:
        assert reads(network, photograph(name, LIGHTS[light], rng)) == digit, name


def framed(levels):
    levels[:14] = levels[-14:] = levels[:, :14] = levels[:, -14:] = 0
    return levels


def on_a_table(levels):
    picture = Image.fromarray(np.uint8(255 * levels)).rotate(8, fillcolor=40)
    return np.pad(np.asarray(picture) / 255, 40, constant_values=40 / 255)


def dusty(levels):
    for row, column in np.random.default_rng(1).integers(0, 190, (20, 2)):
        levels[row : row + 3, column : column + 2] = 0.1
    return levels


def with_a_dark_edge(levels):
    levels[:, :12] = 0
    return levels


def lined(levels):
    levels[::20] = np.minimum(levels[::20], 0.75)
    return levels


def in_a_corner(levels):
    page = np.ones((400, 600))
    page[-200:, :200] = levels
    return page


def speckled(levels):
    chance = np.random.default_rng(2).random(levels.shape)
    levels[chance < 0.002], levels[chance > 0.998] = 0, 1
    return levels


ODD = [framed, on_a_table, dusty, with_a_dark_edge, lined, in_a_corner, speckled]


@pytest.mark.parametrize("alter", ODD, ids=lambda f: f.__name__)
def test_odd_pictures_are_read_right(network, alter):
    for index, (name, (digit, _, _)) in enumerate(SHAPES.items()):
        levels = alter(1 - 0.9 * draw(name, 200, 6, height=0.5))
        assert reads(network, 1 - levels if index % 3 else levels) == digit, name


# -- Files ----------------------------------------------------------------------------------------


LEVELS = np.uint8(255 - 255 * draw("zero", 64, 3))
MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "F"]


@pytest.mark.parametrize("mode", MODES)
def test_modes(tmp_path, mode):
    grey = Image.fromarray(LEVELS if mode != "1" else np.uint8(255 * (LEVELS > 127)))
    levels = read_picture(saved(tmp_path, grey.convert(mode), "picture.tiff"))
    np.testing.assert_allclose(levels, np.asarray(grey), atol=0 if mode != "CMYK" else 1.01)


@pytest.mark.parametrize("suffix", ["avif", "bmp", "gif", "jp2", "jpg", "png", "ppm", "webp"])
def test_formats(tmp_path, suffix):
    if suffix == "avif":
        pytest.importorskip("PIL._avif", reason="this Pillow reads no AVIF")
    levels = read_picture(saved(tmp_path, Image.fromarray(LEVELS).convert("RGB"), f"a.{suffix}"))
    assert np.corrcoef(levels.ravel(), LEVELS.ravel())[0, 1] > 0.99


def test_lab_is_read(tmp_path):
    rgb, lab = (ImageCms.createProfile(name) for name in ("sRGB", "LAB"))
    picture = Image.fromarray(LEVELS).convert("RGB")
    picture = ImageCms.profileToProfile(picture, rgb, lab, outputMode="LAB")
    levels = read_picture(saved(tmp_path, picture, "picture.tiff"))
    assert np.corrcoef(levels.ravel(), LEVELS.ravel())[0, 1] > 0.99


def test_sixteen_bits_of_png_and_tiff(tmp_path):
    for name in ("a.png", "a.tiff"):
        levels = read_picture(
            saved(tmp_path, Image.fromarray(LEVELS.astype(np.uint16) * 200), name)
        )
        np.testing.assert_array_equal(levels, LEVELS * 200.0)


@pytest.mark.parametrize("colour", [0, 255])
def test_ink_of_any_colour_on_a_transparent_ground(tmp_path, colour):
    rgba = np.full((64, 64, 4), colour, np.uint8)
    rgba[..., 3] = 255 - LEVELS
    for mode in ("RGBA", "LA"):
        path = saved(tmp_path, Image.fromarray(rgba).convert(mode))
        expected = 255.0 - LEVELS if colour else LEVELS
        np.testing.assert_allclose(read_picture(path), expected, atol=1e-9)


def test_ink_that_differs_in_colour_alone(tmp_path):
    red, green = np.array([220, 0, 0]), np.array([0, 112, 0])
    share = LEVELS[..., np.newaxis] / 255
    picture = Image.fromarray(np.uint8(share * red + (1 - share) * green))
    assert np.ptp(np.asarray(picture.convert("L"))) < 3, "they are equally bright"
    levels = read_picture(saved(tmp_path, picture))
    assert abs(np.corrcoef(levels.ravel(), LEVELS.ravel())[0, 1]) > 0.99


ORIENTATIONS = {
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).T,
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_camera_rotation_is_undone(tmp_path, orientation):
    marked = stroke()
    marked[3, 5] = 77
    picture = Image.fromarray(marked.astype(np.uint8))
    exif = picture.getexif()
    exif[0x0112] = orientation
    levels = read_picture(saved(tmp_path, picture, exif=exif))
    np.testing.assert_array_equal(levels, ORIENTATIONS[orientation](marked))


def test_a_large_picture_is_averaged_in_strips(tmp_path, monkeypatch):
    picture = Image.fromarray(np.uint8(np.random.default_rng(0).integers(0, 255, (95, 73, 3))))
    monkeypatch.setattr(pictures, "LONGEST", 20)
    monkeypatch.setattr(pictures, "STRIP", 500)
    whole = np.pad(np.asarray(picture, np.float64), [(0, 0), (0, 2), (0, 0)], mode="edge")
    blocks = whole.reshape(19, 5, 15, 5, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(
        read_picture(saved(tmp_path, picture)), pictures._levels_of_colours(blocks)
    )


def png_of_zeros(height, width):
    """Write a PNG that holds a few bytes for every thousand pixels, and one bit for each."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    packer = zlib.compressobj(9)
    line = bytes(1 + -(-width // 8))
    rows = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("height", "width"), [(12_500, 12_500), (14_000, 14_000)])
def test_what_unpacks_to_gigabytes_is_refused(tmp_path, height, width):
    path = tmp_path / "picture.png"
    path.write_bytes(png_of_zeros(height, width))
    with pytest.raises(ValueError, match="expected a picture of at most 150,000,000 pixels; got "):
        read_picture(path)


def test_a_picture_that_pillow_warns_of_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)  # it refuses twice as many
    path = saved(tmp_path, Image.fromarray(LEVELS))
    np.testing.assert_array_equal(read_picture(path), LEVELS)


def test_other_programs_are_never_started(tmp_path):
    path = saved(tmp_path, Image.fromarray(LEVELS), "picture.eps")
    path.rename(tmp_path / "picture.png")
    with pytest.raises(ValueError, match="one of AVIF, BMP.* WebP; its format is not known"):
        read_picture(tmp_path / "picture.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are POSIX's")
def test_pipes_and_devices_are_refused_unread(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(ValueError, match="expected an image file; got a device or a pipe$"):
            read_picture(path)


def test_a_folder_and_a_file_beyond_all_measure_are_refused(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="expected an image file; got a folder$"):
        read_picture(tmp_path)
    path = saved(tmp_path, Image.fromarray(LEVELS))
    monkeypatch.setattr(pictures, "MAX_BYTES", 100)
    with pytest.raises(ValueError, match=r"of at most 100 bytes; got \d+$"):
        read_picture(path)
