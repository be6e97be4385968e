"""What a Grafana dashboard is made of, as plain values: queries, panels, variables, and their places.

The form is that of Grafana's exported dashboards, schema version 38 (Grafana 10 and later).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

WIDTH: Final = 24
"""Columns of Grafana's grid."""
DATASOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
TAG: Final = "crypto-predict"
GREEN, AMBER, RED, GREY = "green", "orange", "red", "#808080"

Steps = Sequence[tuple[float, str]]
"""Values from which on a panel takes a colour; below the first it is green."""


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression, and its legend with ``{{label}}`` in it."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel. ``unit`` is Grafana's name of a unit; ``dashed`` are legends drawn as a dashed grey line."""

    kind: str
    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    width: int = 12
    height: int = 8
    thresholds: Steps = ()
    minimum: float | None = None
    maximum: float | None = None
    stacked: bool = False
    dashed: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    mappings: Sequence[Mapping[str, Any]] = ()

    def model(self, number: int, x: int, y: int) -> dict[str, Any]:
        """The panel as Grafana reads it, at a place of the grid."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [_target(query, place, self.kind) for place, query in enumerate(self.queries)],
            "fieldConfig": {"defaults": self._defaults(), "overrides": self._overrides()},
            "options": dict(self.options),
        }

    def _defaults(self) -> dict[str, Any]:
        steps = [{"color": GREEN, "value": None}]
        steps += [{"color": color, "value": value} for value, color in self.thresholds]
        defaults: dict[str, Any] = {
            "unit": self.unit,
            "thresholds": {"mode": "absolute", "steps": steps},
            "color": {"mode": "palette-classic" if self.kind == "timeseries" else "thresholds"},
            "mappings": [dict(mapping) for mapping in self.mappings],
        }
        if self.kind == "timeseries":
            defaults["custom"] = self._drawing()
        if self.minimum is not None:
            defaults["min"] = self.minimum
        if self.maximum is not None:
            defaults["max"] = self.maximum
        return defaults

    def _drawing(self) -> dict[str, Any]:
        return {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 40 if self.stacked else 8,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if self.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if self.thresholds else "off"},
        }

    def _overrides(self) -> list[dict[str, Any]]:
        if not self.dashed:
            return []
        drawn = {"fill": "dash", "dash": [8, 6]}
        return [
            {
                "matcher": {"id": "byRegexp", "options": self.dashed},
                "properties": [
                    {"id": "color", "value": {"mode": "fixed", "fixedColor": GREY}},
                    {"id": "custom.lineStyle", "value": drawn},
                    {"id": "custom.fillOpacity", "value": 0},
                ],
            }
        ]


def lines(title: str, description: str, unit: str, *queries: Query, **looks: Any) -> Panel:
    """Curves over time, with a legend that shows the last and the largest value."""
    options = {
        "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return Panel("timeseries", title, description, unit, queries, options=options, **looks)


def number(title: str, description: str, unit: str, query: Query, **looks: Any) -> Panel:
    """One number, coloured by its thresholds, over a faint curve."""
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "area",
        "textMode": "auto",
    }
    return Panel(
        "stat", title, description, unit, (query,), **{"width": 4, "height": 4, **looks}, options=options
    )


def states(
    title: str, description: str, query: Query, words: Sequence[tuple[str, str]], **looks: Any
) -> Panel:
    """Which state each series was in over time; ``words`` names and colours the states 0, 1, 2 ..."""
    options = {
        str(value): {"text": text, "color": color, "index": value}
        for value, (text, color) in enumerate(words)
    }
    shown = {"showValue": "never", "mergeValues": True, "rowHeight": 0.8, "legend": {"displayMode": "list"}}
    mappings = [{"type": "value", "options": options}]
    return Panel(
        "state-timeline", title, description, "none", (query,), options=shown, mappings=mappings, **looks
    )


def table(title: str, description: str, query: Query, **looks: Any) -> Panel:
    """The present labels of each series as a row."""
    options = {"showHeader": True, "cellHeight": "sm"}
    return Panel("table", title, description, "none", (query,), options=options, **looks)


def label_variable(name: str, label: str, metric: str) -> dict[str, Any]:
    """A choice of several values of a label, all of them at first."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "query": {"query": f"label_values({metric}, {name})", "refId": name},
        "definition": f"label_values({metric}, {name})",
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
        "sort": 1,
    }


def dashboard(
    uid: str,
    title: str,
    description: str,
    rows: Sequence[tuple[str, Sequence[Panel]]],
    variables: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """A whole dashboard; the panels of a row fill the grid from the left, line by line."""
    datasource = {"type": "datasource", "name": "datasource", "label": "Prometheus", "query": "prometheus"}
    links = {"type": "dashboards", "title": "", "tags": [TAG], "includeVars": True, "keepTime": True}
    return {
        "id": None,
        "uid": uid,
        "title": title,
        "description": description,
        "tags": [TAG],
        "schemaVersion": 38,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "links": [links],
        "templating": {"list": [datasource, *variables]},
        "panels": _placed(rows),
    }


def _placed(rows: Sequence[tuple[str, Sequence[Panel]]]) -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = []
    y = 0
    for title, panels in rows:
        place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
        models.append(
            {
                "id": len(models) + 1,
                "type": "row",
                "title": title,
                "collapsed": False,
                "gridPos": place,
                "panels": [],
            }
        )
        x, y, height = 0, y + 1, 0
        for panel in panels:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            models.append(panel.model(len(models) + 1, x, y))
            x, height = x + panel.width, max(height, panel.height)
        y += height
    return models


def _target(query: Query, place: int, kind: str) -> dict[str, Any]:
    target = {"refId": chr(ord("A") + place), "datasource": DATASOURCE, "expr": query.expr}
    if kind == "table":
        return {**target, "format": "table", "instant": True}
    return {**target, "legendFormat": query.legend, "range": True}
