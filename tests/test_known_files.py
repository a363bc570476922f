"""Files that are recognised by their content, or refused."""

import gzip
import hashlib
import tracemalloc

import pytest

from cnnbook.known_files import KnownFile, unpack, verified

CONTENT = b"two labels: 01"
KNOWN = KnownFile("n", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def test_the_known_content_is_handed_on():
    assert verified(CONTENT, KNOWN) is CONTENT
    assert unpack(gzip.compress(CONTENT, mtime=0), KNOWN) == CONTENT
    assert unpack(CONTENT, KNOWN) == CONTENT, "decompressed on the way"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (CONTENT[:-1], "truncated: 13 of 14 bytes"),
        (CONTENT + b"1", "longer than the expected 14 bytes"),
        (CONTENT[::-1], "wrong content: expected SHA-256 "),
    ],
)
def test_other_content_is_refused(content, sentence):
    for call, came in ((verified, content), (unpack, gzip.compress(content, mtime=0))):
        with pytest.raises(ValueError, match=f"^{sentence}"):
            call(came, KNOWN)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b" <html>not found</html>", "an HTML page, not gzip"),
        (b"", "not gzip"),
        (gzip.compress(CONTENT, mtime=0)[:-3], "truncated: the gzip data break off"),
        (gzip.compress(CONTENT, mtime=0)[:10] + b"????????", "damaged gzip"),
    ],
)
def test_what_is_no_gzip_is_refused(body, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}"):
        unpack(body, KNOWN)


def test_both_hashes_are_shown():
    with pytest.raises(ValueError, match=r"SHA-256 aaaaaaaaaaaa\.\.\., got ba7816bf8f01\.\.\.$"):
        verified(b"abc", KnownFile("n", 3, "a" * 64))


def test_bomb_is_never_unpacked():
    packed = gzip.compress(bytes(2**25))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="longer than the expected 14 bytes"):
            unpack(packed, KNOWN)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
