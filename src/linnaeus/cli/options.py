"""Arguments and options that several verbs share, so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = [
    "AllowUrl",
    "Bundle",
    "ChangedAbove",
    "Data",
    "DomainColumn",
    "DrawingSeed",
    "FilesFrom",
    "GroupColumn",
    "ImageColumn",
    "ImageSize",
    "LabelColumn",
    "LabelSeparator",
    "Limit",
    "NearDuplicates",
    "NoCache",
    "Pictures",
    "RecipeSeed",
    "Seed",
    "SplitColumn",
    "Squeeze",
    "Table",
    "TestDomain",
    "TimeColumn",
    "Workers",
]

Data = Annotated[
    str,
    typer.Argument(
        help="A folder of class folders, a zip or tar of one, a table, shards, or a name.",
        metavar="DATA",
    ),
]
Bundle = Annotated[
    Path, typer.Argument(help="The bundle's folder, or the run that holds it.", metavar="BUNDLE")
]
Pictures = Annotated[
    list[str] | None,
    typer.Argument(
        help="Files, folders, archives, tables with a column of paths, videos, patterns in"
        " quotation marks ('photos/**/*.jpg'), data sets by name (digits); - is one picture's"
        " bytes on standard input.",
        metavar="PICTURES...",
    ),
]
FilesFrom = Annotated[
    str | None,
    typer.Option(help="A list of files, a path a line; - is standard input.", metavar="FILE"),
]
AllowUrl = Annotated[
    bool,
    typer.Option(
        "--allow-url",
        help="Fetch pictures whose names are https addresses of public servers.",
    ),
]
ImageColumn = Annotated[str | None, typer.Option(help="A table's column of picture files.")]
LabelColumn = Annotated[
    list[str] | None, typer.Option(help="A table's column of labels; may be repeated.")
]
LabelSeparator = Annotated[
    str | None, typer.Option(help="What parts several labels in one cell, such as '|'.")
]
GroupColumn = Annotated[
    str | None, typer.Option(help="A table's column of groups that stay on one side of the split.")
]
SplitColumn = Annotated[str | None, typer.Option(help="A table's column of train/validation/test.")]
NearDuplicates = Annotated[
    Literal["keep-together", "ignore"] | None,
    typer.Option(help="Whether look-alikes stay on one side of the split. (keep-together)"),
]
TimeColumn = Annotated[
    str | None, typer.Option(help="A column of times: the newest pictures are the test.")
]
DomainColumn = Annotated[
    str | None, typer.Option(help="A column of domains, one of which is the test.")
]
TestDomain = Annotated[str | None, typer.Option(help="The domain that is the test.")]
Table = Annotated[
    Path | None,
    typer.Option(help="A table that tells of the pictures in a folder or archive.", metavar="FILE"),
]
Squeeze = Annotated[
    Literal["bits", "median"] | None,
    typer.Option(
        help="Make every picture poorer before it is answered, so that small changes made to fool"
        " are lost: 5 bits a level, or the median of 2 × 2 pixels."
    ),
]
ChangedAbove = Annotated[
    float | None,
    typer.Option(
        help="Call a picture changed where that moves its probabilities by more than this, 0 to 2;"
        " attack --defence squeeze says by how much. Takes three answers a picture.",
        metavar="DISTANCE",
    ),
]
NoCache = Annotated[
    bool,
    typer.Option("--no-cache", help="Decode anew, and keep no decoded pictures for later runs."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Threads that read pictures; changes only the time. (one a processor; 0 is 1)",
    ),
]
ImageSize = Annotated[
    str | None,
    typer.Option(help="Pixels pictures are brought to: 64, or HEIGHTxWIDTH.", metavar="SIZE"),
]
Limit = Annotated[
    int, typer.Option(min=1, help="Draw at most so many pictures.", metavar="PICTURES")
]
Seed = Annotated[int, typer.Option(min=0, help="Of every random number.")]
RecipeSeed = Annotated[int | None, typer.Option(help="Of every random number. (0)")]
DrawingSeed = Annotated[int, typer.Option(min=0, help="Of what is drawn at random.")]
