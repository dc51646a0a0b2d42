from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from engine.protocol.looks import DEFAULT_COLOUR_MAP
from engine.protocol.values import ModelSource
from inspector.keeping.settings import RECENT_MODELS, Profile, Settings, SettingsFile


def test_that_what_was_written_is_read(tmp_path: Path):
    file = SettingsFile(tmp_path / "new" / "settings.json")
    settings = Settings(prompt="a prompt\nof two lines", theme="dark", model=ModelSource("a/b", dtype="bfloat16"))
    file.write(settings)
    assert SettingsFile(tmp_path / "new" / "settings.json").read() == settings
    assert file.notice == ""


def test_that_without_a_file_the_defaults_hold(tmp_path: Path):
    file = SettingsFile(tmp_path / "settings.json")
    assert file.read() == Settings()
    assert file.notice == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"theme": "purple"}',
        b'{"model": 3}',
        b"null",
        b'{"prompt": {}}',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"prompt": "' + b"a" * 20_000_000 + b'"}',
    ],
)
def test_that_a_damaged_file_gives_defaults_a_notice_and_is_kept_aside(tmp_path: Path, content: bytes):
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    file = SettingsFile(path)
    assert file.read() == Settings()
    assert "settings.damaged.json" in file.notice
    assert (tmp_path / "settings.damaged.json").read_bytes() == content


def test_that_settings_of_another_version_say_what_they_can(tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_text(
        '{"theme": "light", "from_the_future": 1, "colour_map": "no longer there", "rules": "nor these"}',
        encoding="utf-8",
    )
    settings = SettingsFile(path).read()
    assert settings.rules == Settings().rules
    assert settings.theme == "light"
    assert settings.colour_map == DEFAULT_COLOUR_MAP


def test_that_a_worker_command_that_is_none_gives_way_to_our_own(tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_text('{"worker_command": "ssh \\"gpu", "theme": "dark"}', encoding="utf-8")
    assert SettingsFile(path).read() == Settings(theme="dark")


def test_that_a_place_that_cannot_be_written_stops_nothing(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    file = SettingsFile(tmp_path / "file" / "settings.json")
    file.write(Settings(theme="dark"))
    assert "could not be kept" in file.notice


def test_that_a_pipe_in_the_place_of_the_file_is_waited_for_by_neither_start_nor_change(tmp_path: Path):
    os.mkfifo(tmp_path / "settings.json")
    file = SettingsFile(tmp_path / "settings.json")
    assert file.read() == Settings()
    assert "is no file but a stream" in file.notice
    file.write(Settings(theme="dark"))


def test_that_a_folder_in_the_place_of_the_file_stops_nothing(tmp_path: Path):
    (tmp_path / "settings.json").mkdir()
    file = SettingsFile(tmp_path / "settings.json")
    assert file.read() == Settings()
    assert file.notice


def test_that_models_opened_lately_are_few_and_named_once():
    settings = Settings()
    for name in ("one", "two", "one", *(f"model {i}" for i in range(20)), "two"):
        settings = settings.with_recent(ModelSource(name))
    assert len(settings.recent_models) == RECENT_MODELS
    assert settings.recent_models[0].name == settings.model.name == "two"
    assert len({source.name for source in settings.recent_models}) == RECENT_MODELS


def test_that_a_throw_away_profile_writes_nothing(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    profile = Profile(SettingsFile(None))
    profile.keep(msgspec.structs.replace(profile.settings, theme="dark"))
    assert profile.settings.theme == "dark"
    assert list(tmp_path.iterdir()) == []


def test_that_a_change_is_kept_at_once_and_told(tmp_path: Path):
    profile = Profile(SettingsFile(tmp_path / "settings.json"))
    told = []
    profile.changed.connect(told.append)
    dark = msgspec.structs.replace(profile.settings, theme="dark")
    profile.keep(dark)
    profile.keep(dark)
    assert told == [dark]
    assert SettingsFile(tmp_path / "settings.json").read() == dark


def test_that_two_windows_keep_their_changes_in_one_file(tmp_path: Path):
    path = tmp_path / "settings.json"
    one, other = Profile(SettingsFile(path)), Profile(SettingsFile(path))
    one.keep(msgspec.structs.replace(one.settings.with_recent(ModelSource("a")), rules="cp-lrp"))
    other.keep(msgspec.structs.replace(other.settings.with_recent(ModelSource("b")), theme="dark"))
    one.keep(msgspec.structs.replace(one.settings, prompt="said in the first"))
    kept = SettingsFile(path).read()
    assert (kept.rules, kept.theme, kept.prompt) == ("cp-lrp", "dark", "said in the first")
    assert [model.name for model in kept.recent_models] == ["b", "a"] and kept.model.name == "b"
    assert other.settings.rules == "attnlrp"  # what one window does, the other does not


def test_that_a_file_damaged_meanwhile_costs_no_setting(tmp_path: Path):
    path = tmp_path / "settings.json"
    profile = Profile(SettingsFile(path))
    profile.keep(msgspec.structs.replace(profile.settings, rules="cp-lrp"))
    path.write_text("{", encoding="utf-8")
    profile.keep(msgspec.structs.replace(profile.settings, theme="dark"))
    kept = SettingsFile(path).read()
    assert (kept.rules, kept.theme) == ("cp-lrp", "dark")


def test_that_only_their_owner_can_read_the_settings(tmp_path: Path):
    path = tmp_path / "settings.json"
    path.write_text("{}", encoding="utf-8")
    path.chmod(0o644)
    SettingsFile(path).write(Settings(theme="dark"))
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("wrong", ['"temperature": -1', '"temperature": 0.001', '"temperature": 1e9', '"seed": -1'])
def test_that_a_temperature_or_seed_that_no_model_takes_is_the_default(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(f'{{{wrong}, "theme": "dark"}}', encoding="utf-8")
    settings = SettingsFile(path).read()
    assert (settings.manner, settings.theme) == (Settings().manner, "dark")
