from datetime import timedelta

from tests.unit.journal.scene import STORED, VIEWED, a_journal, a_signer, clock

from primum.journal import entries
from primum.journal.jobs import jobs


def test_each_job_does_what_is_due_and_says_how_much(tmp_path):
    at = clock()
    signer = a_signer(tmp_path, at)
    with a_journal(tmp_path, "worker", at) as journal:
        by_name = {job.name: job for job in jobs(journal, signer, 12)}
        assert list(by_name) == ["journal.flush", "journal.sign", "journal.verify", "journal.prune"]
        journal.record(STORED)
        journal.record(VIEWED)
        assert by_name["journal.flush"].sweep(at.now()) == 0
        assert by_name["journal.sign"].sweep(at.now()) == 1
        assert by_name["journal.verify"].sweep(at.now()) == 0
        assert by_name["journal.prune"].sweep(at.now()) == 0
        at.advance(timedelta(days=400))
        by_name["journal.flush"].sweep(at.now())
        assert by_name["journal.prune"].sweep(at.now()) == 1
    assert [one.kind for one in entries(tmp_path)] == ["heads:signed", "journal:verified", "segment:pruned"]


def test_the_daily_verification_counts_what_is_ill(tmp_path):
    at = clock()
    signer = a_signer(tmp_path, at)
    with a_journal(tmp_path, "worker", at) as journal:
        journal.record(VIEWED)
        path = tmp_path / "access/2026-10/worker-1.chain"
        path.write_bytes(path.read_bytes().replace(b"viewed", b"vieved"))
        by_name = {job.name: job for job in jobs(journal, signer, 12)}
        assert by_name["journal.verify"].sweep(at.now()) == 1
