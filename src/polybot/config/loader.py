"""Reads one folder's accounts.yaml, settings.yaml and .env, reporting everything that is wrong at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Literal, TypeVar

from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError

from polybot.config.errors import ConfigError, Problem
from polybot.config.models import Accounts, Settings
from polybot.config.overrides import apply_overrides, variable
from polybot.config.problems import dotted, problems_of, without_keys
from polybot.config.twins import twin_targets
from polybot.config.yaml_text import Document, KeyPath, YamlFault, read_yaml

ACCOUNTS_FILE = "accounts.yaml"
SETTINGS_FILE = "settings.yaml"
ENV_FILE = ".env"
HOME_VARIABLE = "POLYBOT_HOME"

_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from; `where` is file:line or the variable's name, "" for a default."""

    kind: Literal["default", "file", "env"]
    where: str = ""


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A valid configuration. `origins` knows every key that is not a default, by dotted path.

    `environ` is the environment with `.env` beneath it; it may hold secrets and is never shown.
    """

    folder: Path
    settings: Settings
    accounts: Accounts
    origins: Mapping[str, Origin] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def store_url(self) -> str:
        """The database's URL; a relative SQLite file lies in the folder."""
        path = self.settings.storage.url.removeprefix("sqlite:///")
        return f"sqlite:///{(self.folder / path).resolve()}"

    @property
    def log_file(self) -> Path:
        return self.folder / self.settings.logging.file


def folder_from(option: Path | None, environ: Mapping[str, str]) -> Path:
    """The configuration folder: the option, else $POLYBOT_HOME, else the current directory."""
    return option or Path(environ.get(HOME_VARIABLE) or ".")


def load(folder: Path, *, environ: Mapping[str, str]) -> LoadedConfig:
    """ConfigError with every problem of both files and of the overriding variables."""
    accounts = _load_accounts(folder / ACCOUNTS_FILE)
    settings, merged = _load_settings(folder, environ)
    if accounts.model is None or settings.model is None or accounts.problems or settings.problems:
        raise ConfigError([*accounts.problems, *settings.problems])
    origins = {**accounts.origins, **settings.origins}
    return LoadedConfig(folder, settings.model, accounts.model, origins=origins, environ=merged)


def load_settings(folder: Path, *, environ: Mapping[str, str]) -> LoadedConfig:
    """Without the accounts: enough to ask or stop a bot, even while accounts.yaml is being edited."""
    settings, merged = _load_settings(folder, environ)
    if settings.model is None or settings.problems:
        raise ConfigError(settings.problems)
    return LoadedConfig(folder, settings.model, Accounts(), origins=settings.origins, environ=merged)


@dataclass(frozen=True, slots=True)
class _Part(Generic[_M]):
    """One file's outcome; `model` is None if it could not be made."""

    model: _M | None
    problems: list[Problem]
    origins: Mapping[str, Origin] = field(default_factory=dict)


def read_accounts(path: Path) -> Accounts:
    """The accounts alone; ConfigError with everything that is wrong with them."""
    return _model_of(_load_accounts(path))


def parse_accounts(text: str) -> Accounts:
    """As `read_accounts`, of text that is not in a file yet."""
    return _model_of(_accounts_part(_parse(ACCOUNTS_FILE, text)))


def _model_of(part: _Part[Accounts]) -> Accounts:
    if part.model is None or part.problems:
        raise ConfigError(part.problems)
    return part.model


def _load_accounts(path: Path) -> _Part[Accounts]:
    if not path.exists():
        remedy = f"Type `polybot init {path.parent}` to write one, or name another folder with --config DIR"
        return _Part(None, [Problem(str(path), "", "", "there is no such file", remedy)])
    return _accounts_part(_read(path))


def _accounts_part(document: Document | Problem) -> _Part[Accounts]:
    if isinstance(document, Problem):
        return _Part(None, [document])
    part = _validate(Accounts, document, lambda key: _place(ACCOUNTS_FILE, document, key))
    return _Part(part.model, [*part.problems, *twin_targets(document, ACCOUNTS_FILE)], part.origins)


def _load_settings(folder: Path, environ: Mapping[str, str]) -> tuple[_Part[Settings], Mapping[str, str]]:
    beneath = {name: value for name, value in dotenv_values(folder / ENV_FILE).items() if value is not None}
    merged = {**beneath, **environ}
    path = folder / SETTINGS_FILE
    document = _read(path) if path.exists() else Document({}, {})
    if isinstance(document, Problem):
        return _Part(None, [document]), merged
    tree, from_env, misnamed = apply_overrides(document.tree, merged)

    def origin(key: KeyPath) -> Origin:
        return Origin("env", variable(key)) if key in from_env else _place(SETTINGS_FILE, document, key)

    lines = {**document.lines, **dict.fromkeys(from_env, 0)}
    part = _validate(Settings, Document(tree, lines), origin)
    return _Part(part.model, [*misnamed, *part.problems], part.origins), merged


def _read(path: Path) -> Document | Problem:
    try:
        return _parse(path.name, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return Problem(path.name, "", "", "is not UTF-8 text", "Save it as UTF-8")
    except OSError as fault:
        return Problem(str(path), "", "", f"cannot be read: {fault.strerror}", "Mind its permissions")


def _parse(name: str, text: str) -> Document | Problem:
    try:
        return read_yaml(text)
    except YamlFault as fault:
        where = f"{name}:{fault.line}" if fault.line else name
        return Problem(
            where, "", "", f"is not usable YAML: {without_keys(str(fault))}", "Mind indentation, colons and quotes"
        )


def _validate(model: type[_M], document: Document, origin: Callable[[KeyPath], Origin]) -> _Part[_M]:
    origins = {dotted(key): origin(key) for key in document.lines if key}
    tree = document.tree
    if isinstance(tree, dict):  # a section whose keys are all commented out reads as null
        tree = {key: value for key, value in tree.items() if value is not None}
    try:
        return _Part(model.model_validate(tree), [], origins)
    except ValidationError as error:
        return _Part(None, problems_of(error, model, lambda key: origin(key).where))


def _place(file: str, document: Document, key: KeyPath) -> Origin:
    line = document.line(key)
    return Origin("file", f"{file}:{line}" if line else file)
