"""The same promises on a real Ray cluster of two nodes, one of which goes away in the middle of a run.

Needs ``requirements/ray.txt``; skipped where Ray is not installed.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_workers import (
    is_running,
    make_jobs,
    misbehave,
    note_run,
    runs,
    wait_until,
    worker_pids,
    write,
)

from retarget.batch import BatchEvent, BatchJob, BatchManifest, BatchRunner
from retarget.batch.engines.ray import RayCluster
from retarget.errors import BatchError, MissingExtraError

HERE = Path(__file__).parent
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="ray is not installed: pip install -r requirements/ray.txt",
)
pytestmark = pytest.mark.filterwarnings("default")


def test_without_ray_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'retarget\[ray\]'"):
        BatchRunner(engine="ray").run(
            make_jobs(tmp_path, "a"), write, manifest_path=tmp_path / "m.json"
        )
    assert runs(tmp_path) == []


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with one core each, both on this machine; the driver is connected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ray
        from ray.cluster_utils import Cluster

        nodes = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 1, "include_dashboard": False},
        )
        nodes.second = nodes.add_node(num_cpus=1)
        ray.init(
            address=nodes.address,
            log_to_driver=False,
            runtime_env={"env_vars": {"PYTHONPATH": f"{HERE}:{HERE.parent.parent / 'src'}"}},
        )
    yield nodes
    ray.shutdown()
    nodes.shutdown()


@needs_ray
def test_only_the_culprits_fail(cluster: Any, tmp_path: Path) -> None:
    ids = ["ok-1", "sigkill", "ok-2", "exit0", "raise", "loop", "ok-3", "nothing", "unpicklable"]
    manifest = BatchRunner(engine=RayCluster(), timeout_s=1.0).run(
        make_jobs(tmp_path, *ids), misbehave, manifest_path=tmp_path / "m.json", max_workers=2
    )
    assert [record.job_id for record in manifest.records] == ids
    errors = {r.job_id: r.error_type for r in manifest.records if r.status == "failed"}
    assert errors == {
        "sigkill": "WorkerDied",
        "exit0": "WorkerDied",
        "raise": "ValueError",
        "loop": "TimeoutError",
        "nothing": "OutputError",
    }
    log = (tmp_path / manifest.records[4].batch_notes["log"]).read_text()
    assert "Traceback" in log
    assert "no good" in log
    assert all(wait_until(lambda pid=pid: not is_running(pid)) for pid in worker_pids(tmp_path))


class ColdOnTheCluster:
    def warm_up(self) -> None:
        raise RuntimeError("no model on this node")

    def __call__(self, job: BatchJob) -> dict[str, Any]:
        return {}


@needs_ray
def test_a_worker_that_cannot_start_says_why(cluster: Any, tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="no model on this node"):
        BatchRunner(engine=RayCluster()).run(
            make_jobs(tmp_path, "a"), ColdOnTheCluster(), manifest_path=tmp_path / "m.json"
        )


@needs_ray
def test_a_killed_driver_leaves_nothing_and_is_taken_up_again(cluster: Any, tmp_path: Path) -> None:
    ids = [f"slow-{n}" for n in range(12)]
    script = (
        "import json, ray, sys\n"
        "from pathlib import Path\n"
        "from batch_workers import make_jobs, misbehave\n"
        "from retarget.batch import BatchRunner\n"
        "from retarget.batch.engines.ray import RayCluster\n"
        "folder, address, ids = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])\n"
        "BatchRunner(engine=RayCluster(address)).run(make_jobs(folder, *ids), misbehave,\n"
        "    manifest_path=folder / 'm.json', max_workers=2)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path), cluster.address, json.dumps(ids)],
        cwd=HERE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert wait_until(lambda: len(runs(tmp_path)) >= 4, 60.0)
    process.kill()
    process.wait()
    assert all(wait_until(lambda pid=pid: not is_running(pid), 30) for pid in worker_pids(tmp_path))
    finished = {record.job_id for record in BatchManifest.load(tmp_path / "m.json").records}
    before = Counter(runs(tmp_path))
    manifest = BatchRunner(engine=RayCluster()).run(
        make_jobs(tmp_path, *ids), misbehave, manifest_path=tmp_path / "m.json", max_workers=2
    )
    assert manifest.success_count + manifest.skipped_count == len(ids)
    assert not finished & set(Counter(runs(tmp_path)) - before)


@needs_ray
def test_a_lost_node_costs_its_jobs_in_flight_only(cluster: Any, tmp_path: Path) -> None:
    """The last test of the module: the second node does not come back."""
    ids = [f"j{number}" for number in range(40)]
    events: list[BatchEvent] = []
    ended: list[str] = []

    def on_event(event: BatchEvent) -> None:
        events.append(event)
        if event.kind == "finished" and event.job:
            ended.append(event.job.id)
            if len(ended) == 10:
                threading.Thread(
                    target=cluster.remove_node, args=(cluster.second, False), daemon=True
                ).start()

    manifest = BatchRunner(engine=RayCluster(), on_event=on_event, retry_delay_s=0.1).run(
        make_jobs(tmp_path, *ids), take_a_while, manifest_path=tmp_path / "m.json", max_workers=2
    )
    assert manifest.success_count == len(ids)
    lost = {event.job.id for event in events if event.kind == "retrying" and event.job}
    assert lost, "the node went away with jobs in flight"
    assert all("NodeLost" in event.message for event in events if event.kind == "retrying")
    twice = {job_id for job_id, count in Counter(runs(tmp_path)).items() if count > 1}
    assert twice <= lost
    notes = manifest.records_by_id()[next(iter(lost))].batch_notes
    assert [attempt["error_type"] for attempt in notes["attempts"]] == ["NodeLost", None]


def take_a_while(job: BatchJob) -> dict[str, Any]:
    """Longer than a group of jobs should be."""
    note_run(job)
    time.sleep(0.25)
    job.output.write_text("x")
    return {}
