"""All samples, whose tests are the same for every control tag."""

from __future__ import annotations

from tests.label_configs.samples import SAMPLES, Sample
from tests.label_configs.samples_regions import PER_REGION, RELATIONS
from tests.label_configs.samples_shapes import IMAGES, VIDEOS
from tests.label_configs.samples_spans import SPANS

EVERY: list[Sample] = [*SAMPLES, *SPANS, *IMAGES, *VIDEOS, *PER_REGION, *RELATIONS]
