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
    from linnaeus.api import (
        Classifier,
        Dataset,
        add_key,
        attack,
        audit,
        augment,
        certify,
        compare,
        compare_runs,
        compress,
        ensemble,
        evaluate,
        explain,
        export,
        export_dataset,
        fetch_dataset,
        index,
        list_keys,
        list_runs,
        load,
        load_dataset,
        lr_find,
        predict,
        remove_key,
        remove_run,
        search,
        serve,
        show_run,
        split,
        stress,
        train,
    )
    from linnaeus.errors import LinnaeusError
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
    "LinnaeusError": "linnaeus.errors",
    "Recipe": "linnaeus.training.recipe",
    "load": "linnaeus.bundle.classifier",
    "predict": "linnaeus.predicting.predict",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'linnaeus' has no attribute {name!r}")
    return getattr(import_module(HOMES.get(name, "linnaeus.api")), name)


def __dir__() -> list[str]:
    return __all__
