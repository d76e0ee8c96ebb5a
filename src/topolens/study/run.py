"""Run a study: train, capture, measure, compare; only what is missing, and nothing lost."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

from topolens.activations.data.samples import Samples
from topolens.base.errors import InvalidInputError, StoreError, StudyError, TopolensError
from topolens.base.files import make_folder, remove_half_written, write_atomically
from topolens.base.progress import (
    Event,
    OnEvent,
    Planned,
    StepAdvanced,
    StepEnded,
    StepFailed,
    StepStarted,
)
from topolens.study.cache import Result, ResultCache
from topolens.study.capturing import (
    Capture,
    capture_into,
    is_captured,
    needs_training,
    plan_capture,
    resolve_layers,
    train_into,
)
from topolens.study.cloud_plan import (
    farthest_steps,
    outlier_steps,
    plan_cloud,
    with_farthest_rows,
)
from topolens.study.index import Entry, Index
from topolens.study.labels import class_names, with_labels
from topolens.study.mapper_plan import MapperPlan, graph_steps, mapper_warnings, purity_steps
from topolens.study.plan import (
    CloudPlan,
    LayerSource,
    PlannedStep,
    View,
    comparison_steps,
    descriptor_steps,
    diagram_steps,
    survey_step,
    views,
)
from topolens.study.reading import StudyFile, read_study
from topolens.study.results import StepFailure
from topolens.study.runner import local_executor, run_steps
from topolens.study.shared_work import shared_work
from topolens.study.shown import load_study_samples
from topolens.study.spec import StudySpec
from topolens.study.steps import Step
from topolens.study.storage import forecast_room, with_forecast
from topolens.study.study import Study
from topolens.study.survey import Surveyed, provenance, summarise

__all__ = ["run"]


def run(
    study: Path | str | StudyFile,
    root: Path | str,
    *,
    trust: bool = False,
    allow_pickle: bool = False,
    download: bool = False,
    device: str | None = None,
    executor: Executor | None = None,
    on_event: OnEvent | None = None,
) -> Study:
    """Run a study file and return its results.

    Steps whose results lie in `root` already are not run again, so an interrupted or edited
    study goes on where it must. A step that fails is recorded and the rest goes on.

    Parameters
    ----------
    study : path or StudyFile
        A TOML study file, or one that was read.
    root : path
        Folder of the study; made if missing.
    trust : bool, default False
        Load code that the file names (`py:`).
    allow_pickle : bool, default False
        Also read weights that are pickles, by ``torch.load(weights_only=True)``.
    download : bool, default False
        Fetch published weights, tokenizers and data over the network where they are missing.
    device : str, optional
        Capture on "cpu", "cuda", "mps" or "auto" instead of what the file says. This and the
        three above are for a path; a StudyFile has been read with its own.
    executor : concurrent.futures.Executor, optional
        Where steps run; default: threads on all cores of this machine. Dask's
        `Client.get_executor()` fits where workers see the same folder.
    on_event : callable, optional
        Told of every `topolens.base.progress` event.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        If the file has mistakes; all are named.
    InvalidInputError
        If `trust`, `allow_pickle`, `download` or `device` is given with a StudyFile.
    StoreError
        If another process is running a study in `root`, nothing can be written there, or the
        activations do not fit on the disk.
    """
    file = _read(study, trust=trust, allow_pickle=allow_pickle, download=download, device=device)
    folder = Path(root)
    with _sole_writer(folder), _forgetting_shared_work():
        _remove_half_written(folder)
        samples = load_study_samples(file)
        captures = plan_captures(folder, file, samples)
        room = forecast_room(folder, captures, refuse=True)
        with nullcontext(executor) if executor else local_executor() as pool:
            work = _Work(folder, pool, on_event or _ignore)
            if room.n_bytes or not room.is_whole:
                work.tell(room)
            _capture_all(work, file, captures, samples)
            surveyed = _survey_all(work, captures)
            labelled = with_labels(folder, file, surveyed, samples)
            _measure(work, file, labelled, samples).write(folder)
        finished = Study(folder)
        _write_tables(finished)
    return finished


def _read(
    study: Path | str | StudyFile,
    *,
    trust: bool,
    allow_pickle: bool,
    download: bool,
    device: str | None,
) -> StudyFile:
    if not isinstance(study, StudyFile):
        return read_study(
            Path(study), trust=trust, allow_pickle=allow_pickle, download=download, device=device
        )
    # A permission that changed nothing would be a surprise.
    settings = {"trust": trust, "allow_pickle": allow_pickle, "download": download}
    for name, value in {**settings, "device": device}.items():
        if value:
            raise InvalidInputError(
                f"`{name}` must be given to `read_study` for a study that was read; got {value!r}"
            )
    return study


def plan_captures(root: Path, file: StudyFile, samples: Samples | None) -> list[Capture]:
    """Describe every capture; what can be found wrong before anything runs is a StudyError."""
    captures, mistakes = [], []
    for number, model in enumerate(file.spec.models, 1):
        try:
            capture = plan_capture(file, model, samples)
            if not is_captured(root, capture):
                resolve_layers(file, model, samples)
                capture = with_forecast(root, file, capture, samples)
            captures.append(capture)
        except InvalidInputError as error:
            mistakes.append(f'models[{number}] "{model.name}": {error}')
    if mistakes:
        raise StudyError(file.source, mistakes)
    return captures


@dataclass(slots=True)
class _Work:
    """Where steps run and what has gone wrong so far."""

    root: Path
    executor: Executor
    tell: OnEvent
    failures: list[StepFailure] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    """Models without activations, with the reason."""

    def steps(self, stage: str, steps: list[Step]) -> set[str]:
        """Run steps; return the keys of those whose results are there."""
        failed = run_steps(self.root, stage, steps, self.executor, self.tell)
        self.failures += failed.values()
        return {step.key for step in steps} - failed.keys()


def _capture_all(
    work: _Work, file: StudyFile, captures: list[Capture], samples: Samples | None
) -> None:
    """Train and capture one model after the other; each uses all cores by itself."""
    missing = [capture for capture in captures if not is_captured(work.root, capture)]
    training = [capture for capture in missing if needs_training(work.root, capture)]
    n_done = len(captures) - len(missing)
    work.tell(Planned("capture", len(captures) + len(training), n_done))
    for capture in missing:
        name = capture.model.name
        if capture in training:
            _attempt(work, name, f"training {name}", partial(train_into, work.root, file, capture))
        if name not in work.problems:
            task = partial(capture_into, work.root, file, capture, samples)
            _attempt(work, name, f"capturing {name}", task)


def _attempt(
    work: _Work, model: str, label: str, task: Callable[[Callable[[int, int], None]], None]
) -> None:
    """Do one step in this process; a failure is recorded against its model."""
    work.tell(StepStarted(label))
    start = perf_counter()
    try:
        task(lambda done, total: work.tell(StepAdvanced(label, done, total)))
    except Exception as error:  # noqa: BLE001  a model is foreign code and may raise anything
        known = isinstance(error, TopolensError)
        reason = str(error) if known else f"{type(error).__name__}: {error}"
        work.problems[model] = reason
        work.failures.append(StepFailure(label, reason))
        work.tell(StepFailed(label, reason))
    else:
        work.tell(StepEnded(label, perf_counter() - start))


def _survey_all(work: _Work, captures: list[Capture]) -> list[Surveyed]:
    """Look at the layers of every model that was captured."""
    steps = {c.model.name: survey_step(c) for c in captures if c.model.name not in work.problems}
    there = work.steps("survey", list(steps.values()))
    cache = ResultCache(work.root / "results")
    surveyed = []
    for capture in captures:
        step = steps.get(capture.model.name)
        if step is None or step.key not in there:
            reason = work.problems.get(capture.model.name, "its activations could not be read")
            surveyed.append(Surveyed(capture, Result(), reason))
        else:
            surveyed.append(Surveyed(capture, cache.get(step.key)))
    return surveyed


def _measure(
    work: _Work, file: StudyFile, surveyed: list[Surveyed], samples: Samples | None
) -> Index:
    """Compute diagrams, then everything that is read off them; return the study's index."""
    clouds = _choose_rows(work, file.spec, surveyed)
    mapped = _plan_mapper(work, file.spec, clouds, surveyed)
    work.failures += [StepFailure(*cloud.emptiness) for cloud in clouds if cloud.emptiness]
    plans = [
        (view, _sources(cloud, surveyed)) for cloud in clouds for view in views(file.spec, cloud)
    ]
    needed = [p for view, layers in plans for p in diagram_steps(view, layers)]
    diagrams = _entries(work, "persistence", needed)
    keys = {
        (e.where["cloud"], e.where["model"], e.where["layer"], e.where["resample"]): e.key
        for e in diagrams
    }
    described = [p for view, layers in plans for p in descriptor_steps(view, layers, keys)]
    compared = [p for view, layers in plans for p in comparison_steps(view, layers, keys)]
    measures = _entries(work, "descriptors", described)
    distances = _entries(work, "comparisons", compared)
    graphs = _entries(work, "mapper", [p for plan in mapped for p in graph_steps(plan)])
    graph_keys = {(e.where["mapper"], e.where["model"], e.where["layer"]): e.key for e in graphs}
    held = [p for plan in mapped for p in purity_steps(plan, graph_keys)]
    purities = _entries(work, "purity", held)
    models, warnings = summarise(work.root, file.spec, surveyed, clouds, diagrams)
    return Index(
        spec=file.spec,
        models=models,
        clouds=tuple(cloud.summary for cloud in clouds),
        diagrams=diagrams,
        measures=measures,
        distances=distances,
        graphs=graphs,
        purities=purities,
        classes=class_names(file, surveyed, samples) if file.spec.mapper else {},
        failures=tuple(work.failures),
        warnings=(*warnings, *mapper_warnings(mapped, clouds, surveyed)),
        provenance=provenance(surveyed, samples),
    )


def _plan_mapper(
    work: _Work, spec: StudySpec, clouds: list[CloudPlan], surveyed: list[Surveyed]
) -> list[MapperPlan]:
    """Choose the points of each kind of Mapper graph: those of a cloud, or rows of its own."""
    own = [one.own_cloud() for one in spec.mapper if one.cloud is None]
    # Graphs are made of whole clouds: their rows have no halves.
    whole = spec.model_copy(update={"clouds": tuple(own), "resamples": 0})
    chosen = _choose_rows(work, whole, surveyed) if own else []
    work.failures += [StepFailure(*plan.emptiness) for plan in chosen if plan.emptiness]
    of_cloud = {plan.spec.name: plan for plan in clouds}
    of_mapper = {plan.spec.name: plan for plan in chosen}
    plans = []
    for one in spec.mapper:
        cloud = of_mapper[one.name] if one.cloud is None else of_cloud[one.cloud]
        layers = [source for source in _sources(cloud, surveyed) if one.covers(source.layer)]
        plans.append(MapperPlan(one, View(spec, cloud, None), layers))
    return plans


def _choose_rows(work: _Work, spec: StudySpec, surveyed: list[Surveyed]) -> list[CloudPlan]:
    """Find outliers, then rows in equal numbers, then the farthest of them, where wanted."""
    found = [outlier_steps(cloud, surveyed) for cloud in spec.clouds]
    there = _wanted_only(work, "outliers", [step for steps in found for step in steps.values()])
    plans = []
    for cloud, steps in zip(spec.clouds, found, strict=True):
        outliers = {layer: step.key for layer, step in steps.items() if step.key in there}
        plans.append(plan_cloud(work.root, spec, cloud, surveyed, outliers))
    chosen = [farthest_steps(spec, plan, surveyed) for plan in plans]
    there = _wanted_only(work, "farthest", [step for steps in chosen for step in steps.values()])
    return [with_farthest_rows(plan, s, there) for plan, s in zip(plans, chosen, strict=True)]


def _wanted_only(work: _Work, stage: str, steps: list[Step]) -> set[str]:
    """Run steps of a stage that most studies do not have."""
    return work.steps(stage, steps) if steps else set()


def _sources(cloud: CloudPlan, surveyed: list[Surveyed]) -> list[LayerSource]:
    """Layers that have a cloud, in the order of the study."""
    return [
        s for model in surveyed for s in model.sources() if (s.model, s.layer) in cloud.selections
    ]


def _entries(work: _Work, stage: str, planned: list[PlannedStep]) -> tuple[Entry, ...]:
    there = work.steps(stage, [p.step for p in planned])
    return tuple(Entry(p.step.key, p.where) for p in planned if p.step.key in there)


def _remove_half_written(root: Path) -> None:
    """Remove what a killed process was writing; nobody else writes while we hold the folder."""
    for name in ("", "weights", "results", "tables", "figures"):
        remove_half_written(root / name)


def _write_tables(study: Study) -> None:
    """Write the long-form tables beside the results, for any tool that reads CSV."""
    folder = study.root / "tables"
    make_folder(folder)
    tables = {"measures": study.table(), "distances": study.distance_table()}
    if study.mappers:
        tables |= {"mapper": study.mapper_table(), "purity": study.purity_table()}
    for name, table in tables.items():
        write_atomically(folder / f"{name}.csv", table.to_csv(index=False).encode())


@contextmanager
def _sole_writer(root: Path) -> Iterator[None]:
    """Hold the folder for this process; the lock goes with the process, whatever ends it."""
    make_folder(root)
    descriptor = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreError(f"`{root}` is in use: another process is running a study there") from None
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _forgetting_shared_work() -> Iterator[None]:
    """Keep the clouds of a study in memory no longer than it runs."""
    try:
        yield
    finally:
        shared_work.clear()


def _ignore(_event: Event) -> None:
    """Tell nobody."""
