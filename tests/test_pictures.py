"""Pictures from anywhere: size, polarity, transparency, depth, rotation, damage."""

import numpy as np
import pytest
from PIL import Image

from cnnbook.mnist import load_zero_one
from cnnbook.pictures import prepare, read_picture


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


def test_every_step_is_said_in_order():
    levels = np.zeros((30, 100))
    levels[12:19, 20:60] = 2.5
    said = [
        "stretched grey levels 0 to 2.5 to the range 0 to 1",
        "inverted: the border is bright, so the digit is dark on a bright ground",
        "cropped the digit, 7 x 40 pixels, out of 30 x 100",
        "scaled it to 4 x 20 pixels",
        "moved its centre of mass to the middle of 28 x 28 pixels",
    ]
    assert prepare(2.5 - levels)[1] == said
    assert prepare(levels)[1] == [said[0], *said[2:]]


@pytest.mark.parametrize("factor", [1, 3, 10])
def test_size_does_not_matter(factor):
    big = np.kron(stroke(), np.ones((factor, factor)))
    assert np.abs(prepare(big)[0] - prepare(stroke())[0]).max() < 0.2


def test_the_result_is_such_as_the_network_knows():
    image, _ = prepare(stroke(200, 100))
    assert image.shape == (1, 1, 28, 28)
    assert image.dtype == np.float32
    assert image.min() == 0
    assert image.max() <= 1
    assert image.max() > 0.9
    rows, columns = (np.flatnonzero(image[0, 0].any(axis=axis)) for axis in (1, 0))
    assert rows[-1] - rows[0] + 1 == 20, "20 pixels in its longer direction"
    mass = image[0, 0]
    for axis in (0, 1):
        centre = (mass.sum(axis=1 - axis) @ np.arange(28)) / mass.sum()
        assert abs(centre - 14) <= 0.5
    assert columns[0] > 10


def test_images_of_mnist_stay_where_they_are():
    images, _ = load_zero_one()[1]
    kept = 0
    for image in images[:200, 0]:
        prepared, _ = prepare(image * 255)
        kept += np.abs(prepared[0, 0] - image / image.max()).max() < 0.2
    assert kept >= 195


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


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "LA"])
def test_modes(tmp_path, mode):
    picture = Image.fromarray(stroke().astype(np.uint8)).convert(mode)
    levels = read_picture(saved(tmp_path, picture))
    np.testing.assert_array_equal(levels, stroke())


def test_sixteen_bits_are_not_cut_off(tmp_path):
    picture = Image.fromarray((stroke() * 200).astype(np.uint16))
    np.testing.assert_array_equal(read_picture(saved(tmp_path, picture)), stroke() * 200)


def test_transparency_is_paper(tmp_path):
    rgba = np.zeros((60, 40, 4), np.uint8)
    rgba[..., 3] = 255 - stroke()
    levels = read_picture(saved(tmp_path, Image.fromarray(rgba)))
    np.testing.assert_array_equal(levels, stroke())


def test_a_camera_rotation_is_undone(tmp_path):
    marked = stroke()
    marked[3, 5] = 77
    picture = Image.fromarray(marked.astype(np.uint8))
    exif = picture.getexif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees
    levels = read_picture(saved(tmp_path, picture, exif=exif))
    np.testing.assert_array_equal(levels, np.rot90(marked, -1))


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


def test_a_picture_beyond_all_measure_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    path = saved(tmp_path, Image.fromarray(stroke().astype(np.uint8)))
    with pytest.raises(ValueError, match=r"picture\.png: expected an image file; got a damaged"):
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


def test_small_integers_do_not_overflow():
    levels = stroke(ink=100, paper=-100)
    np.testing.assert_array_equal(prepare(levels.astype(np.int8))[0], prepare(levels)[0])
    assert prepare(levels > 0)[0].max() > 0.9


def is_inverted(levels):
    return any(step.startswith("inverted") for step in prepare(levels)[1])


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


def test_faint_noise_is_no_ink_and_a_pale_stroke_is():
    noisy = stroke(ink=1.0, paper=0.0)
    noisy[2, 3] = 0.1
    np.testing.assert_array_equal(prepare(noisy)[0] > 0, prepare(stroke(ink=1.0, paper=0.0))[0] > 0)
    pale = np.zeros((60, 60))
    pale[10:30, 28:32] = 1
    pale[30:50, 28:32] = 0.3
    assert "cropped the digit, 40 x 4 pixels, out of 60 x 60" in prepare(pale)[1]


def test_a_wide_digit_keeps_its_proportions():
    levels = np.zeros((30, 100))
    levels[12:19, 20:60] = 1
    assert "scaled it to 4 x 20 pixels" in prepare(levels)[1]
    assert prepare(levels)[0].shape == (1, 1, 28, 28)


def ramp():
    """A digit of 20 x 10 grey pixels, brightest in the middle, in a wide dark border."""
    digit = np.linspace(0.3, 1, 200).reshape(20, 10)
    levels = np.zeros((60, 40))
    levels[20:40, 15:25] = 50 * digit
    return digit, levels


def test_grey_stays_grey():
    digit, levels = ramp()
    image = prepare(levels)[0][0, 0]
    top, left = (np.flatnonzero(image.any(axis=a))[0] for a in (1, 0))
    np.testing.assert_allclose(image[top : top + 20, left : left + 10], digit, atol=1e-6)
    assert image.sum() == pytest.approx(digit.sum(), abs=1e-4)


def test_scaling_is_linear_between_pixels():
    levels = np.zeros((30, 30))
    levels[10:20, 10:15], levels[10:20, 15:20] = 1, 0.5
    image = prepare(levels)[0][0, 0]
    row = image[14][image[14] > 0]
    np.testing.assert_allclose(row, [1] * 9 + [0.875, 0.625] + [0.5] * 9, atol=1e-6)


def test_a_hair_is_one_pixel_wide():
    levels = np.zeros((80, 20))
    levels[10:70, 9] = 1
    assert "scaled it to 20 x 1 pixels" in prepare(levels)[1]


def test_the_ground_is_what_most_of_the_border_is():
    rng = np.random.default_rng(0)
    for _ in range(300):
        levels = (rng.random((5, 4)) > 0.5) * 1.0
        sides = [*levels[0], *levels[4], *levels[:, 0], *levels[:, 3]]
        if levels.min() < levels.max():
            inverted = any(step.startswith("inverted") for step in prepare(levels)[1])
            assert inverted == (sum(sides) > 9)


def test_what_is_no_darker_than_an_eighth_is_no_ink():
    levels = np.zeros((20, 20))
    levels[8:12, 8:12] = 80
    for level, size in ((10.0, "4 x 4"), (9.5, "4 x 4"), (11.0, "9 x 9"), (19.0, "9 x 9")):
        levels[3, 3] = level
        assert f"cropped the digit, {size} pixels" in prepare(levels)[1][1]


def test_float_pictures_keep_their_levels(tmp_path):
    levels = np.linspace(0, 1000, 12, dtype=np.float32).reshape(3, 4)
    Image.fromarray(levels).save(tmp_path / "a.tiff")
    got = read_picture(tmp_path / "a.tiff")
    assert (got == levels).all()
    assert got.dtype == np.float64
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").dtype == np.float64


def test_the_centre_is_in_the_middle_for_any_digit():
    rng = np.random.default_rng(0)
    for _ in range(50):
        levels = np.zeros((60, 60))
        levels[20:40, 20 : 20 + rng.integers(1, 21)] = 1
        levels[rng.integers(20, 40, 40), rng.integers(20, 40, 40)] = 3
        levels[20:40, 20] = 1
        image = prepare(levels)[0][0, 0]
        for a in (0, 1):
            centre = image.sum(axis=1 - a) @ np.arange(28) / image.sum()
            occupied = np.flatnonzero(image.any(axis=1 - a))
            assert abs(centre - 14) <= 0.5 + 1e-6 or occupied[0] == 0 or occupied[-1] == 27


def test_a_weight_at_the_end_pushes_the_digit_to_the_rim():
    levels = np.zeros((60, 60))
    levels[20:40, 30] = 1.3
    levels[39, 20:40] = 10
    image = prepare(levels)[0][0, 0]
    assert np.flatnonzero(image.any(axis=1))[[0, -1]].tolist() == [0, 19]
    image = prepare(levels[::-1])[0][0, 0]
    assert np.flatnonzero(image.any(axis=1))[[0, -1]].tolist() == [8, 27]
