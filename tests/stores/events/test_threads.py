"""One store, many threads and processes."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Barrier, Event, Thread
from time import monotonic, sleep

from assay.adapters.clickhouse.pool import Pool
from assay.contracts.events import EventRef
from assay.domain.lines import OWNER
from tests.stores.events.support import Backend, as_sent, event

WRITE = """
import sys
from assay.adapters.clickhouse import open_event_store
from tests.stores.events.support import event
store = open_event_store(url=sys.argv[1], path=None)
for _ in range(10):
    store.insert([event(int(sys.argv[2]), {"$ai_trace_id": "t"}) for _ in range(5)])
store.close()
"""


def test_a_hundred_threads_read_and_write(backend: Backend, project: int) -> None:
    start = Barrier(100)

    def work(thread: int) -> None:
        start.wait()
        own = event(project, {"$ai_trace_id": f"t{thread}"})
        backend.store.insert([own])
        assert as_sent(backend.store.find_event(EventRef.of(own))) == own
        assert [as_sent(found) for found in backend.store.trace(project, f"t{thread}")] == [own]

    with ThreadPoolExecutor(100) as threads:
        for done in [threads.submit(work, thread) for thread in range(100)]:
            done.result()

    assert len(backend.select("uuid", project)) == 100


def test_processes_share_a_server(server: Backend, server_url: str, project: int) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, f"{server_url}/assay", str(project)]) for _ in range(3)
    ]

    assert [writer.wait(timeout=30) for writer in writers] == [0, 0, 0]
    assert len(server.store.trace(project, "t")) == 150


class Lent:
    """A client that knows whether two threads have it at once."""

    def __init__(self) -> None:
        self.users = 0
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_a_pool_lends_a_client_to_one_thread_at_a_time() -> None:
    clients = [Lent(), Lent()]
    pool = Pool(clients)
    used: set[int] = set()

    def work() -> None:
        for _ in range(50):
            with pool.borrow() as client:
                client.users += 1
                assert client.users == 1
                used.add(id(client))
                sleep(0.0001)
                client.users -= 1

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(work) for _ in range(8)]:
            done.result()

    assert used == {id(client) for client in clients}


def test_a_busy_thread_does_not_keep_others_out() -> None:
    pool = Pool([Lent()])
    stop = Event()

    def greedy() -> None:
        while not stop.is_set():
            with pool.borrow():
                sleep(0.01)

    busy = Thread(target=greedy)
    busy.start()
    sleep(0.02)
    began = monotonic()
    for _ in range(5):
        with pool.borrow():
            pass
    waited = monotonic() - began
    stop.set()
    busy.join()

    assert waited < 0.5  # each waits for one use at most, not until the busy thread happens to lose a race


def test_owners_take_turns_however_many_threads_of_one_wait() -> None:
    pool = Pool([Lent()])
    served: list[str] = []

    def work(owner: str) -> None:
        OWNER.set(owner)
        with pool.borrow():
            served.append(owner)

    with ThreadPoolExecutor(5) as threads, pool.borrow():
        for number, owner in enumerate(["large", "large", "large", "small"], start=1):
            threads.submit(copy_context().run, work, owner)
            while pool.waiting < number:
                sleep(0.001)

    assert served == ["large", "small", "large", "large"]


def test_a_failed_use_returns_the_client() -> None:
    pool = Pool([Lent()])
    for _ in range(3):
        try:
            with pool.borrow():
                raise KeyError
        except KeyError:
            pass

    with pool.borrow():
        pass


def test_closing_a_pool_closes_each_client_once() -> None:
    shared, own = Lent(), Lent()
    Pool([shared, shared, own]).close()

    assert (shared.closed, own.closed) == (1, 1)
