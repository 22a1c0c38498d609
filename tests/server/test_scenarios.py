"""Each shipped scenario works from its start to an answer: on Label Studio, in a real browser."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from playwright.sync_api import ConsoleMessage, Page, expect

import label_configs
from label_configs import LabelConfig, Scenario
from sync.cli.root import assay
from sync.demo.label_studio import Server
from sync.demo.processes import free_port, start_backend
from sync.labelstudio import LabelStudio, parse
from sync.records import Json
from sync.settings import Settings
from sync.start import start
from sync.store import Store
from tests.server.browsing import is_submission

pytestmark = pytest.mark.slow

#: One of each modality; the others only where there is time.
FAST = ("safety_policy", "ner_health", "boxes", "audio_segments", "video", "time_series")
#: The example that is played, where its rules leave out the first.
PLAYED = {"safety_policy": 1, "red_team": 1}
#: What Label Studio's own pages say on the console, whatever is shown.
NOISE = ("favicon", "Failed to load resource: the server responded with a status of 404")


class Backend:
    """Our backend with the rules of each scenario for its project."""

    def __init__(self, folder: Path, url: str, password: str) -> None:
        self.folder, self.url, self.password = folder, url, password
        self.settings = folder / "assay.toml"
        self.settings.write_text('[engine]\nuse = "rules"\n')

    def serve(self, lead: LabelStudio, project: int, scenario: Scenario) -> None:
        """Pre-fill the project's tasks by the scenario's rules, as they are opened."""
        (self.folder / f"{scenario.name}.toml").write_text(scenario.files["rules.toml"])
        table = f'[project.{project}.engine.rules]\nfile = "{scenario.name}.toml"\n'
        self.settings.write_text(self.settings.read_text() + table)
        lead.create_ml_backend(
            project=project,
            url=self.url,
            title="rules",
            auth_method="BASIC_AUTH",
            basic_auth_user="assay",
            basic_auth_pass=self.password,
        )


@pytest.fixture(scope="module")
def backend(site: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    folder, port, password = tmp_path_factory.mktemp("rules"), free_port(), secrets.token_hex()
    found = Backend(folder, f"http://127.0.0.1:{port}", password)
    values = {
        "ASSAY_LABEL_STUDIO_URL": site.url,
        "ASSAY_LABEL_STUDIO_API_KEY": site.account.token,
        "ASSAY_HOME": str(folder / "home"),
        "ASSAY_CONFIG": str(found.settings),
        "ASSAY_BACKEND_PASSWORD": password,
    }
    with start_backend(port, values, folder / "log") as process:
        process.wait_for(f"{found.url}/health", 60)
        yield found


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; it must be asked for before what is started in it."""
    folder = tmp_path / "team"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What goes wrong on the page."""
    found: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(noise in message.text for noise in NOISE):
            found.append(message.text)

    def broken(error: object) -> None:
        found.append(str(error))

    page.on("console", heard)
    page.on("pageerror", broken)
    yield found
    page.remove_listener("console", heard)
    page.remove_listener("pageerror", broken)


def missing(config: LabelConfig, xml: str, values: Json) -> dict[str, str]:
    """Controls that must be answered and are not, each with the hotkey of its first answer."""
    found = {}
    for tag in ElementTree.fromstring(xml).iter():
        name = tag.attrib.get("name", "")
        if tag.attrib.get("required") == "true" and name not in values:
            keyed = tag if "hotkey" in tag.attrib else tag[0]
            found[name] = keyed.attrib["hotkey"]
    return found


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in FAST else pytest.mark.slow)
        for name in label_configs.names()
    ],
)
def test_a_scenario_is_pre_filled_opened_and_submitted(
    name: str,
    page: Page,
    site: Server,
    lead: LabelStudio,
    backend: Backend,
    complaints: list[str],
    screenshots: Path,
    tmp_path: Path,
) -> None:
    """Its example comes pre-filled by its rules, shows no error, and is submitted as it is."""
    scenario = label_configs.scenario(name)
    config = label_configs.parse(scenario.xml)
    project = start(lead, scenario, tmp_path / "assay.toml").project_id
    backend.serve(lead, project, scenario)
    listed = lead.raw("api/tasks/", project=project, fields="task_only")["tasks"]
    example = next(task for task in listed if task["data"] == scenario.tasks[PLAYED.get(name, 0)])
    page.goto(f"{site.url}/projects/{project}/data?task={example['id']}")
    submit = page.get_by_role("button", name="Submit").first
    submit.wait_for()
    page.wait_for_load_state("networkidle")
    (prediction,) = lead.task(example["id"])["predictions"]
    proposed = label_configs.read(config, prediction["result"], example["data"])
    keys = missing(config, scenario.xml, proposed)
    for key in keys.values():
        page.keyboard.press(key)
    page.screenshot(path=screenshots / f"scenario-{name}.png")
    expect(page.locator("[class*=error]")).to_have_count(0)
    with page.expect_response(is_submission):
        submit.click()
    (annotation,) = lead.task(example["id"])["annotations"]
    submitted = parse.annotation(annotation, example["id"]).result
    values = label_configs.read(config, submitted, example["data"])
    assert {control: values.get(control) for control in proposed} == proposed
    assert keys.keys() <= values.keys()
    assert complaints == []


def test_annotators_read_the_instructions_first(
    page: Page, site: Server, lead: LabelStudio, screenshots: Path, tmp_path: Path
) -> None:
    """Whoever starts labelling sees each sentence before the first task."""
    scenario = label_configs.scenario("safety_policy")
    project = start(lead, scenario, tmp_path / "assay.toml").project_id
    page.goto(f"{site.url}/projects/{project}/data?labeling=1")
    for sentence in scenario.instructions:
        expect(page.get_by_text(sentence).first).to_be_visible()
    page.screenshot(path=screenshots / "instructions.png")


def test_a_started_project_can_be_frozen(elsewhere: Path, team: Settings) -> None:
    """After start and connect, the candidates of a batch come from the scenario's own rules."""
    run = CliRunner()
    started = run.invoke(assay, ["start", "ner_finance", "--title", "Filings"])
    assert started.exit_code == 0, started.output
    assert {path.name for path in elsewhere.glob("*.toml")} == {"assay.toml", "rules.toml"}
    project = re.findall(r"assay connect --project (\d+)", started.output)[0]
    for command in ("connect", "freeze"):
        done = run.invoke(assay, [command, "--project", project], catch_exceptions=False)
        assert done.exit_code == 0, done.output
    with Store.open(team.store_url) as store:
        candidates = store.batch_candidates(int(project), "default")
    labels = {region["value"]["labels"][0] for one in candidates for region in one.result or ()}
    assert labels == {"amount", "company", "date", "instrument", "percentage", "person"}
