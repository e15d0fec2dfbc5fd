"""Linnaeus: labelled pictures in, a classifier you can trust out.

The verbs of the command line are functions here, with the same names and defaults. They are
loaded when first used, so that `import linnaeus` is instant.

Example
-------
>>> import linnaeus                                               # doctest: +SKIP
>>> run = linnaeus.train("photos/")                               # doctest: +SKIP
>>> run.in_plain_words[0]                                         # doctest: +SKIP
'Right 91 times in 100 (between 88 and 93).'
>>> linnaeus.load(run.bundle).predict("new.jpg")[0].label         # doctest: +SKIP
'oak'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from linnaeus.version import __version__

if TYPE_CHECKING:
    from linnaeus.api.attack import attack
    from linnaeus.api.audit import audit
    from linnaeus.api.augment import augment
    from linnaeus.api.certify import certify
    from linnaeus.api.compare import compare
    from linnaeus.api.compress import compress
    from linnaeus.api.data import export_dataset, fetch_dataset
    from linnaeus.api.ensemble import ensemble
    from linnaeus.api.evaluate import evaluate
    from linnaeus.api.explain import explain
    from linnaeus.api.export import export
    from linnaeus.api.index import index
    from linnaeus.api.lr_find import lr_find
    from linnaeus.api.predict import predict
    from linnaeus.api.runs import compare_runs, list_runs, remove_run, show_run
    from linnaeus.api.search import search
    from linnaeus.api.serve import serve
    from linnaeus.api.split import split
    from linnaeus.api.stress import stress
    from linnaeus.api.train import train
    from linnaeus.bundle.classifier import Classifier
    from linnaeus.bundle.load import load
    from linnaeus.data.dataset import Dataset
    from linnaeus.data.sources import load_dataset
    from linnaeus.errors import LinnaeusError
    from linnaeus.serving.keys import add_key, list_keys, remove_key
    from linnaeus.training.recipe import Recipe

__all__ = [
    "Classifier",
    "Dataset",
    "LinnaeusError",
    "Recipe",
    "__version__",
    "add_key",
    "attack",
    "audit",
    "augment",
    "certify",
    "compare_runs",
    "ensemble",
    "compare",
    "compress",
    "evaluate",
    "explain",
    "export",
    "export_dataset",
    "fetch_dataset",
    "index",
    "list_keys",
    "list_runs",
    "load",
    "load_dataset",
    "lr_find",
    "predict",
    "remove_key",
    "remove_run",
    "search",
    "serve",
    "show_run",
    "split",
    "stress",
    "train",
]

HOMES = {
    "Classifier": "linnaeus.bundle.classifier",
    "Dataset": "linnaeus.data.dataset",
    "LinnaeusError": "linnaeus.errors",
    "Recipe": "linnaeus.training.recipe",
    "add_key": "linnaeus.serving.keys",
    "attack": "linnaeus.api.attack",
    "audit": "linnaeus.api.audit",
    "augment": "linnaeus.api.augment",
    "certify": "linnaeus.api.certify",
    "compare": "linnaeus.api.compare",
    "compare_runs": "linnaeus.api.runs",
    "compress": "linnaeus.api.compress",
    "ensemble": "linnaeus.api.ensemble",
    "evaluate": "linnaeus.api.evaluate",
    "explain": "linnaeus.api.explain",
    "export": "linnaeus.api.export",
    "export_dataset": "linnaeus.api.data",
    "fetch_dataset": "linnaeus.api.data",
    "index": "linnaeus.api.index",
    "list_keys": "linnaeus.serving.keys",
    "list_runs": "linnaeus.api.runs",
    "load": "linnaeus.bundle.load",
    "load_dataset": "linnaeus.data.sources",
    "lr_find": "linnaeus.api.lr_find",
    "predict": "linnaeus.api.predict",
    "remove_key": "linnaeus.serving.keys",
    "remove_run": "linnaeus.api.runs",
    "search": "linnaeus.api.search",
    "serve": "linnaeus.api.serve",
    "show_run": "linnaeus.api.runs",
    "split": "linnaeus.api.split",
    "stress": "linnaeus.api.stress",
    "train": "linnaeus.api.train",
}
"""Which module each name stands in, and is loaded with it."""


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module 'linnaeus' has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
