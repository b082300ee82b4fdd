from __future__ import annotations

import random
from pathlib import Path

import pytest

from memex.errors import DownloadFailed, ModelDamaged
from memex.models import fetch as fetch_module
from memex.models.fetch import ATTEMPTS, Remote, fetch
from memex.models.wheels import Network
from tests.models.conftest import Site, sha256

DATA = random.Random(1).randbytes(1_500_000)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch_module, "PAUSE", 0.01)


@pytest.fixture
def remote(site: Site) -> Remote:
    site.files["/model.bin"] = DATA
    return Remote(f"{site.url}/model.bin", len(DATA), sha256(DATA))


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "model.part"


def run(remote: Remote, part: Path) -> list[int]:
    return list(fetch(remote, part, Network()))


def test_a_file_comes_whole_and_progress_reaches_its_size(remote: Remote, part: Path) -> None:
    progress = run(remote, part)
    assert part.read_bytes() == DATA
    assert progress == sorted(progress)
    assert progress[-1] == len(DATA)


def test_a_cut_connection_is_taken_up_where_it_broke(
    site: Site, remote: Remote, part: Path
) -> None:
    site.cut = [400_000, 300_000]
    run(remote, part)
    assert part.read_bytes() == DATA
    assert site.asked == [None, "bytes=400000-", "bytes=700000-"]


def test_what_came_is_kept_for_the_next_pull(site: Site, remote: Remote, part: Path) -> None:
    site.cut = [100_000] * ATTEMPTS
    with pytest.raises(DownloadFailed, match="400,000 of 1,500,000"):
        run(remote, part)
    assert part.read_bytes() == DATA[:400_000]
    run(remote, part)
    assert part.read_bytes() == DATA
    assert site.asked[-1] == "bytes=400000-"


def test_a_server_without_ranges_begins_again(site: Site, remote: Remote, part: Path) -> None:
    site.ranges = False
    site.cut = [400_000]
    run(remote, part)
    assert part.read_bytes() == DATA


def test_an_abandoned_download_is_resumed(site: Site, remote: Remote, part: Path) -> None:
    download = fetch(remote, part, Network())
    next(download)
    download.close()
    begun = part.stat().st_size
    assert 0 < begun < len(DATA)
    run(remote, part)
    assert site.asked[-1] == f"bytes={begun}-"
    assert part.read_bytes() == DATA


def test_wrong_bytes_are_thrown_away(site: Site, remote: Remote, part: Path) -> None:
    site.files["/model.bin"] = DATA[:-1] + b"!"
    with pytest.raises(ModelDamaged, match="SHA-256"):
        run(remote, part)
    assert not part.exists()


def test_a_server_with_a_longer_file_is_not_read_to_its_end(
    site: Site, remote: Remote, part: Path
) -> None:
    site.sizes = False
    site.files["/model.bin"] = DATA * 4
    with pytest.raises(ModelDamaged, match="SHA-256"):
        run(remote, part)
    assert not part.exists()


def test_a_shorter_file_than_promised_does_not_block_the_next_pull(
    site: Site, remote: Remote, part: Path
) -> None:
    site.sizes = False
    site.files["/model.bin"] = DATA[:1_000_000]
    with pytest.raises(DownloadFailed):
        run(remote, part)
    site.files["/model.bin"] = DATA
    run(remote, part)
    assert part.read_bytes() == DATA


@pytest.mark.parametrize("other", [b"<html>Please sign in</html>", DATA * 2])
def test_another_file_does_not_spoil_what_came(
    site: Site, remote: Remote, part: Path, other: bytes
) -> None:
    """As a network sends it that wants its user to sign in first."""
    download = fetch(remote, part, Network())
    next(download)
    download.close()
    begun = part.read_bytes()
    site.ranges = False
    site.files["/model.bin"] = other
    with pytest.raises(ModelDamaged, match=f"{len(other):,} bytes instead of 1,500,000"):
        run(remote, part)
    assert part.read_bytes() == begun
    site.ranges = True
    site.files["/model.bin"] = DATA
    run(remote, part)
    assert part.read_bytes() == DATA
    assert site.asked[-1] == f"bytes={len(begun)}-"


def test_passing_errors_are_tried_again(site: Site, remote: Remote, part: Path) -> None:
    site.errors = [503, 429]
    run(remote, part)
    assert part.read_bytes() == DATA


def test_a_refusal_is_final(site: Site, remote: Remote, part: Path) -> None:
    site.errors = [403, 403]
    with pytest.raises(DownloadFailed, match="HTTP 403"):
        run(remote, part)
    assert len(site.asked) == 1


def test_nobody_answers(part: Path) -> None:
    with pytest.raises(DownloadFailed, match="cannot be downloaded: Connection refused") as caught:
        run(Remote("http://127.0.0.1:9/model.bin", 10, sha256(b"")), part)
    assert "HF_ENDPOINT" in caught.value.remedy


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://localhost/x", "x"])
def test_only_http_is_downloaded(url: str, part: Path) -> None:
    with pytest.raises(DownloadFailed):
        run(Remote(url, 10, sha256(b"")), part)
