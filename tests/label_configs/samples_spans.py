"""Results of the controls that label stretches of text, sound, time and video."""

from __future__ import annotations

from typing import Any

from tests.label_configs.samples import Sample


def region(name: str, to: str, kind: str, identity: str = "r1", **value: Any) -> dict[str, Any]:
    """A region of a result."""
    return {"id": identity, "from_name": name, "to_name": to, "type": kind, "value": value}


TEXT = "Anna 🦊 flew to Berlin, then to Oslo."
LABELS = '<Label value="PER"/><Label value="LOC"/>'

SPANS = [
    Sample(
        name="text",
        xml=f'<View><Text name="t" value="$text"/><Labels name="l" toName="t">{LABELS}</Labels>'
        "</View>",
        data={"text": TEXT},
        result=[
            region("l", "t", "labels", "a", start=0, end=4, text="Anna", labels=["PER"]),
            region("l", "t", "labels", "b", start=15, end=21, text="Berlin", labels=["LOC"]),
        ],
        others=[
            [region("l", "t", "labels", start=0, end=6, labels=["PER"])],
            [region("l", "t", "labels", start=0, end=4, labels=["LOC"])],
        ],
    ),
    Sample(
        name="several labels a region",
        xml='<View><Text name="t" value="$text"/><Labels name="l" toName="t" choice="multiple">'
        f"{LABELS}</Labels></View>",
        data={"text": TEXT},
        result=[region("l", "t", "labels", start=15, end=21, labels=["PER", "LOC"])],
        others=[[region("l", "t", "labels", start=15, end=21, labels=["PER"])]],
    ),
    Sample(
        name="hypertext",
        xml='<View><HyperText name="h" value="$html"/><HyperTextLabels name="l" toName="h">'
        f"{LABELS}</HyperTextLabels></View>",
        data={"html": "<p>Anna</p><p>flew to Berlin</p>"},
        result=[
            region(
                "l",
                "h",
                "hypertextlabels",
                start="/p[2]/text()[1]",
                end="/p[2]/text()[1]",
                startOffset=8,
                endOffset=14,
                globalOffsets={"start": 12, "end": 18},
                text="Berlin",
                hypertextlabels=["LOC"],
            )
        ],
    ),
    Sample(
        name="paragraphs",
        alone=False,
        xml='<View><Paragraphs name="p" value="$talk" nameKey="who" textKey="said"/>'
        f'<ParagraphLabels name="l" toName="p">{LABELS}</ParagraphLabels></View>',
        data={"talk": [{"who": "A", "said": "🦊 Hello Anna"}, {"who": "B", "said": "Hello"}]},
        result=[
            region(
                "l",
                "p",
                "paragraphlabels",
                start="0",
                end="1",
                startOffset=9,
                endOffset=5,
                text="Anna\n\nHello",
                paragraphlabels=["PER"],
            )
        ],
    ),
    Sample(
        name="time series of dates",
        xml='<View><TimeSeries name="ts" value="$csv" valueType="url" timeColumn="time" '
        'timeFormat="%Y-%m-%d %H:%M:%S.%L"><Channel column="a"/></TimeSeries>'
        '<TimeSeriesLabels name="l" toName="ts"><Label value="Run"/></TimeSeriesLabels></View>',
        data={"csv": "https://example.com/run.csv"},
        result=[
            region(
                "l",
                "ts",
                "timeserieslabels",
                start="2020-01-01 00:00:00.000",
                end="2020-01-01 00:00:02.500",
                instant=False,
                timeserieslabels=["Run"],
            )
        ],
    ),
    Sample(
        name="time series of numbers with an instant",
        xml='<View><TimeSeries name="ts" value="$csv" valueType="url" timeColumn="time">'
        '<Channel column="a"/></TimeSeries><TimeSeriesLabels name="l" toName="ts">'
        '<Label value="Run"/><Label value="Fall"/></TimeSeriesLabels></View>',
        data={"csv": "https://example.com/run.csv"},
        result=[
            region(
                *("l", "ts", "timeserieslabels", "a"),
                start=1.5,
                end=3,
                instant=False,
                timeserieslabels=["Run"],
            ),
            region(
                *("l", "ts", "timeserieslabels", "b"),
                start=3,
                end=3,
                instant=True,
                timeserieslabels=["Fall"],
            ),
        ],
    ),
    Sample(
        name="audio",
        xml='<View><Audio name="s" value="$url"/><Labels name="l" toName="s">'
        '<Label value="Speech"/><Label value="Noise"/></Labels></View>',
        data={"url": "https://example.com/talk.wav"},
        result=[
            region("l", "s", "labels", start=0.25, end=1.75, channel=0, labels=["Speech"])
            | {"original_length": 12.0}
        ],
        others=[
            [region("l", "s", "labels", start=0.25, end=1.75, channel=1, labels=["Speech"])],
            [region("l", "s", "labels", start=0, end=1, channel=0, labels=["Speech"])],
        ],
    ),
    Sample(
        name="timeline of a video",
        xml='<View><Video name="v" value="$url"/><TimelineLabels name="l" toName="v">'
        '<Label value="Run"/></TimelineLabels></View>',
        data={"url": "https://example.com/run.mp4"},
        result=[
            region(
                *("l", "v", "timelinelabels"),
                ranges=[{"start": 3, "end": 5}],
                timelinelabels=["Run"],
            )
        ],
        others=[
            [
                region(
                    "l",
                    "v",
                    "timelinelabels",
                    ranges=[{"start": 3, "end": 3}],
                    timelinelabels=["Run"],
                )
            ]
        ],
    ),
]
