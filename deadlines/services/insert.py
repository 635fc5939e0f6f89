"""The head of an INSERT … SELECT into a model's table, with the model's own defaults for whatever is not given."""

from collections.abc import Mapping
from typing import Any

from django.db import models


def insert(model: type[models.Model], values: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """`INSERT INTO … (…) SELECT …` and its parameters. `values` maps a column to its SQL.

    A column that the model gains later takes its default here as it does everywhere else.
    """
    columns, chosen, params = list(values), list(values.values()), {}
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if column in values or isinstance(field, models.AutoField) or field.has_db_default() or field.generated:
            continue
        name = f"{model._meta.model_name}_{column}"
        columns.append(column)
        chosen.append(f"%({name})s")
        params[name] = field.get_default()
    unknown = set(values) - {field.column for field in model._meta.concrete_fields}
    assert not unknown, unknown
    return f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {', '.join(chosen)}", params
