"""Pictures of every kind become 8-bit pixels, upright and opaque; what is none says so in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms

from engine.models.sight.decoding import MOST_PIXELS, decode, upright
from engine.protocol.failures import ImageError
from tests.made_pictures import huge_png, noise, stored, with_nan

RED, BLUE = (200, 10, 20), (10, 20, 200)


def two_coloured(mode: str = "RGB") -> Image.Image:
    """Red on the left and blue on the right, 6 wide and 4 high."""
    image = Image.new("RGB", (6, 4), RED)
    image.paste(BLUE, (3, 0, 6, 4))
    return image.convert(mode)


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM", "GIF", "WEBP"])
def test_that_each_format_gives_its_pixels(format: str) -> None:
    keywords = {"lossless": True} if format == "WEBP" else {}
    picture = decode(stored(two_coloured(), format, **keywords), "a picture")
    assert np.array_equal(picture.pixels, np.array(two_coloured()))
    assert (picture.pixels.dtype, picture.note) == (np.uint8, "")


def test_that_a_jpeg_is_turned_as_its_exif_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: to be shown turned clockwise
    image = two_coloured().resize((60, 40), Image.Resampling.NEAREST)
    pixels = decode(stored(image, "JPEG", exif=exif, quality=95), "a photograph").pixels
    assert pixels.shape == (60, 40, 3)
    assert np.abs(pixels[5, 20].astype(int) - RED).max() < 12
    assert np.abs(pixels[-5, 20].astype(int) - BLUE).max() < 12


def test_that_what_is_transparent_is_white_and_said() -> None:
    image = two_coloured("RGBA")
    image.putpixel((0, 0), (0, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 0, 51))
    picture = decode(stored(image), "a logo")
    assert picture.pixels[0, 0].tolist() == [255, 255, 255]
    assert np.abs(picture.pixels[0, 1].astype(int) - 204).max() <= 1
    assert "transparent" in picture.note
    assert decode(stored(two_coloured("RGBA")), "opaque").note == ""


def test_that_a_palette_with_a_transparent_colour_is_white_there() -> None:
    image = two_coloured().quantize(4)
    transparent = image.getpixel((0, 0))
    pixels = decode(stored(image, transparency=transparent), "a palette").pixels
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[0, -1].tolist() == list(BLUE)


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "CMYK"])
def test_that_every_mode_becomes_three_channels(mode: str) -> None:
    image = two_coloured(mode)
    picture = decode(stored(image, "TIFF" if mode == "CMYK" else "PNG"), "a picture")
    assert np.array_equal(picture.pixels, np.array(image.convert("RGB")))


def test_that_16_bits_of_grey_are_scaled_to_8() -> None:
    values = np.array([[0, 257, 32896, 65535]], np.uint16)
    picture = decode(stored(Image.fromarray(values)), "a scan")
    assert picture.pixels[0, :, 1].tolist() == [0, 1, 128, 255]
    assert "16 bits" in picture.note


def test_that_parts_of_white_are_scaled_and_what_is_not_a_number_refused() -> None:
    values = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert decode(stored(Image.fromarray(values), "TIFF"), "parts").pixels[0, :, 0].tolist() == [0, 128, 255]
    with pytest.raises(ImageError, match="not numbers"):
        decode(with_nan(), "parts")


def test_that_the_first_of_several_frames_is_taken_and_said() -> None:
    frames = [two_coloured(), Image.new("RGB", (6, 4), BLUE), Image.new("RGB", (6, 4), RED)]
    picture = decode(stored(frames[0], "GIF", save_all=True, append_images=frames[1:]), "moving")
    assert picture.note == "the first of 3 frames"
    assert np.array_equal(picture.pixels, np.array(two_coloured()))


def test_that_a_colour_profile_that_says_srgb_changes_nothing_and_a_broken_one_neither() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for data in (stored(two_coloured(), icc_profile=profile), stored(two_coloured(), icc_profile=b"nothing")):
        assert np.array_equal(decode(data, "a photograph").pixels, np.array(two_coloured()))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\0" * 100, "not a picture"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "an EPS drawing"),
        (b"%PDF-1.7\n", "a PDF"),
        (noise("PNG")[:-3000], "damaged or cut short"),
        (noise("JPEG")[:1500], "damaged or cut short"),
        (noise("WEBP")[:-500], "cut short|not a picture"),
        (huge_png(), "megapixels"),
    ],
    ids=["zeros", "svg", "eps", "pdf", "half a png", "half a jpeg", "half a webp", "bomb"],
)
def test_that_what_cannot_be_read_is_named(data: bytes, said: str) -> None:
    with pytest.raises(ImageError, match=said) as failure:
        decode(data, "cat.png")
    assert failure.value.kind == "image_unreadable"
    assert "“cat.png”" in str(failure.value)


def test_that_the_limit_is_checked_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    width = MOST_PIXELS // 1000
    data = stored(Image.new("1", (width, 1001)))
    monkeypatch.setattr(Image.Image, "load", lambda image: pytest.fail("decoded"))
    with pytest.raises(ImageError, match=f"{width:,} × 1,001 pixels: make it smaller than 64 megapixels"):
        decode(data, "wide.png")


def test_that_an_image_in_memory_is_treated_alike() -> None:
    assert upright(two_coloured("RGBA"), "a logo").pixels.shape == (4, 6, 3)
