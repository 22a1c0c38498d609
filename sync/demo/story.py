"""The demonstration, step by step: three batches that end as HOLD, PASS and MORE."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sync.connect import connect
from sync.demo.inputs import Inputs, Item
from sync.demo.label_studio import Server
from sync.demo.people import Person, displayed, join, submit
from sync.errors import Fatal
from sync.freeze import GoldItem, freeze, plant
from sync.gating.verdict import State, Verdict
from sync.generator import Generator
from sync.labelstudio import LabelStudio
from sync.pull import Fields, connected, pull
from sync.records import Json, Project
from sync.settings import Settings
from sync.store import Store
from sync.worker.once import Pass, one_pass, utc_now

#: Chance that a simulated annotator picks a wrong label.
ERROR_RATES = (0.005, 0.01, 0.01, 0.02, 0.03)
#: Batches: from a model that saw few labels, from one that saw many, and one hardly labelled.
POOR, GOOD, FEW = "first-model", "second-model", "just-started"
#: Labels that the first model sees: too few, on purpose.
_FIRST = 14
#: Gold tasks, in equal parts in the three batches.
_GOLD = 45
#: Queue tasks that are labelled before the gate looks again.
_ROUND = 80
_TRAINING_SECONDS = 120

Say = Callable[[str], object]


@dataclass(frozen=True)
class Parts:
    """How the inputs are divided."""

    seed: tuple[Item, ...]
    poor: tuple[Item, ...]
    labelled: tuple[Item, ...]
    good: tuple[Item, ...]
    few: tuple[Item, ...]
    gold: tuple[Item, ...]

    @classmethod
    def of(cls, inputs: Inputs) -> Parts:
        """A few to learn from first, gold, and shares of the rest."""
        items, rest = inputs.items, len(inputs.items) - _FIRST - _GOLD
        cuts = [0, _FIRST, _FIRST + _GOLD]
        for share in (0.14, 0.55, 0.15, 0.06):
            cuts.append(min(len(items), cuts[-1] + int(rest * share)))
        seed, gold, poor, labelled, good, few = (items[a:b] for a, b in itertools.pairwise(cuts))
        return cls(seed=seed, poor=poor, labelled=labelled, good=good, few=few, gold=gold)


class Story:
    """One run of the demonstration."""

    def __init__(
        self, inputs: Inputs, server: Server, settings: Settings, store: Store, say: Say
    ) -> None:
        """Nothing happens before `play`."""
        self.inputs, self.settings, self.store, self.say = inputs, settings, store, say
        self.site = server
        self.lead = LabelStudio(server.url, server.account.token)
        self.generator = Generator(
            settings.backend_url, settings.backend_user, settings.require("backend_password")
        )
        self.truth = {_key(item.data): item.label for item in inputs.items}
        self.fields = Fields(batch=settings.batch_field, queue=settings.queue_field)
        self.random = random.Random(7)  # noqa: S311 - errors of simulated people
        self.project_id = 0
        self.people: list[Person] = []

    def play(self) -> Pass:
        """Everything, in order; the verdicts at the end."""
        parts = Parts.of(self.inputs)
        self._prepare(parts)
        self._teach(parts.seed, "the first")
        self._close(POOR, parts.poor)
        self._teach(parts.labelled, "the second")
        self._close(GOOD, parts.good)
        self._close(FEW, parts.few)
        self._label(FEW, 12)
        self._label_until_settled(POOR)
        self._label_until_settled(GOOD)
        return self._ended()

    def close(self) -> None:
        """Close the connections."""
        self.lead.close()
        self.generator.close()

    def _prepare(self, parts: Parts) -> None:
        made = self.lead.create_project(
            title=self.inputs.title,
            label_config=self.inputs.label_config,
            description="Shown by assay demo; its annotators are simulated.",
        )
        self.project_id = int(made["id"])
        project = connect(self.lead, self.store, self.settings, self.project_id)
        self.say(f"project {self.project_id} made and connected")
        for number in range(1, len(ERROR_RATES) + 1):
            email = f"annotator{number}@example.com"
            self.people.append(join(self.site.url, self.site.account.token, email))
        rates = ", ".join(f"{rate:.1%}" for rate in ERROR_RATES)
        self.say(f"five annotators invited; they are SIMULATED, with error rates of {rates}")
        self._plant(project, parts.gold)

    def _plant(self, project: Project, gold: Sequence[Item]) -> None:
        third = len(gold) // 3
        for i, batch in enumerate((POOR, GOOD, FEW)):
            items = [
                GoldItem(result=self.inputs.result(item.label), data=item.data, place="gold")
                for item in gold[i * third : (i + 1) * third]
            ]
            plant(
                self.lead,
                self.store,
                project,
                items,
                batch=batch,
                batch_field=self.fields.batch,
                queue_field=self.fields.queue,
            )
        self.say(f"{third * 3} gold tasks planted; their answers stay in Assay's store")

    def _teach(self, items: Sequence[Item], which: str) -> None:
        """Import labelled tasks and let Label Studio ask the backend to train on them."""
        tasks = [
            {
                "data": item.data | {self.fields.batch: "training"},
                "annotations": [{"result": self.inputs.result(item.label), "ground_truth": False}],
            }
            for item in items
        ]
        self.lead.import_tasks(self.project_id, tasks)
        self._pull()
        project = connected(self.store, self.project_id)
        before = self._model(project)
        if project.backend_id is None:
            raise Fatal("the project lost its backend")
        self.lead.train(project.backend_id)
        deadline = time.monotonic() + _TRAINING_SECONDS
        while (version := self._model(project)) in ("", before):
            if time.monotonic() > deadline:
                raise Fatal(f"the backend trained no model within {_TRAINING_SECONDS} s")
            time.sleep(0.2)
        self.say(f"{which} model is trained on {len(items)} more labels: {version}")

    def _model(self, project: Project) -> str:
        return self.generator.setup(project, f"{project.project_id}.0")

    def _close(self, batch: str, items: Sequence[Item]) -> None:
        tasks = [{"data": item.data | {self.fields.batch: batch}} for item in items]
        self.lead.import_tasks(self.project_id, tasks)
        self._pull()
        frozen = freeze(
            self.lead,
            self.store,
            self.generator,
            connected(self.store, self.project_id),
            batch,
            self.settings.policy,
            queue_field=self.fields.queue,
            # A fixed key shows the same every time; a real freeze draws a secret one.
            key=hashlib.sha256(batch.encode()).hexdigest(),
            now=utc_now(),
        )
        self.say(
            f"batch {batch} frozen: {frozen.batch.population} candidates, {frozen.blind} blind "
            f"and {frozen.shown} shown tasks in its queue, {frozen.gold} gold"
        )

    def _pull(self) -> None:
        pull(self.lead, self.store, self.project_id, self.fields, utc_now)

    def _gate(self) -> Pass:
        return one_pass(self.lead, self.store, self.settings, self.project_id)

    def _label_until_settled(self, batch: str) -> None:
        while True:
            done = self._label(batch, _ROUND)
            verdict = self._gate().verdicts[batch]
            self.say(f"{batch}: {_brief(verdict)}")
            if verdict.state is not State.MORE or not (done or verdict.extend_to):
                return

    def _ended(self) -> Pass:
        """The last look, which must show what the demonstration is for."""
        outcome = self._gate()
        wanted = {POOR: State.HOLD, GOOD: State.PASS, FEW: State.MORE}
        found = {name: verdict.state for name, verdict in outcome.verdicts.items()}
        if found != wanted and self.inputs.learnable:
            raise Fatal(f"the demonstration ended as {found}, not as {wanted}")
        if found[GOOD] is not State.PASS:
            self.say(f"on these inputs {GOOD} does not pass: the verdict says why")
        return outcome

    def _label(self, batch: str, tasks: int) -> int:
        """Let two people label each of the next tasks of the queue; how many answers came."""
        frozen = self.store.batch(self.project_id, batch)
        if frozen is None:
            raise Fatal(f"batch {batch} is not frozen")
        queue = displayed(self.site.url, self.people[0], frozen.views["validate"], self.project_id)
        open_tasks = [task for task in queue if not task["is_labeled"]][:tasks]
        overlap = self.settings.policy.sample.overlap
        work: list[tuple[int, Json]] = [
            ((i + k) % len(self.people), task)
            for i, task in enumerate(open_tasks)
            for k in range(overlap)
        ]
        answers = [(who, task["id"], self._answer(who, task)) for who, task in work]
        with ThreadPoolExecutor(len(self.people)) as pool:
            list(pool.map(self._submit, answers))
        return len(answers)

    def _answer(self, who: int, task: Json) -> str:
        """The right label, or with the person's error rate another one."""
        label = self.truth[_key(task["data"])]
        if self.random.random() >= ERROR_RATES[who]:
            return label
        return self.random.choice([other for other in self.inputs.labels if other != label])

    def _submit(self, answer: tuple[int, int, str]) -> None:
        who, task_id, label = answer
        submit(self.site.url, self.people[who], task_id, self.inputs.result(label), 2.0)


def _key(data: Json) -> str:
    return json.dumps({k: data[k] for k in ("image", "text") if k in data})


def _brief(verdict: Verdict) -> str:
    if verdict.state is not State.MORE:
        return verdict.sentence
    return (
        f"MORE: {verdict.blind_answered} blind tasks count, about {verdict.labels_left} labels left"
    )
