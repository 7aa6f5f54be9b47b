import errno

import pytest

from primum.doors.dimse.refusals import SpaceLow
from primum.doors.dimse.statuses import BY_CODE, REJECTIONS, Status, answer_to, rejection_for
from primum.ground.errors import PrimumError, every_refusal
from primum.identity import device_model
from primum.imaging import errors as imaging_errors
from primum.imaging.orders import errors as order_errors
from primum.vault import refusals as vault_refusals

KNOWN = {one.code for one in every_refusal()}
assert device_model
assert imaging_errors
assert order_errors
assert vault_refusals


def test_every_code_in_the_tables_is_a_refusal_that_exists():
    assert (BY_CODE.keys() | REJECTIONS.keys()) - KNOWN == set()


def test_a_refusal_is_answered_by_its_code():
    answer = answer_to(imaging_errors.NoSopUid())
    assert (answer.status, answer.comment, answer.offending) == (0xC000, "imaging.no-sop-uid", (0x00080018,))
    assert answer_to(SpaceLow()).status == 0xA700


def test_a_full_disc_is_out_of_resources_however_it_is_said():
    for error in (OSError(errno.ENOSPC, "x"), OSError(errno.EDQUOT, "x"), MemoryError(), vault_refusals.DiscFull()):
        assert answer_to(error).status == Status.OUT_OF_RESOURCES


def test_anything_else_is_a_processing_failure_and_tells_nothing():
    for error in (ValueError("DOE^JANE"), OSError(errno.EIO, "/home/DOE"), PrimumError()):
        answer = answer_to(error)
        assert answer.status == Status.PROCESSING_FAILURE
        assert "DOE" not in answer.comment


@pytest.mark.parametrize("error", [device_model.DeviceUnknown(), device_model.TitleMismatch(device="x")])
def test_a_device_that_is_not_admitted_hears_calling_title_not_recognized(error):
    assert rejection_for(error) == (1, 1, 3)


def test_a_fault_of_ours_asks_the_device_to_try_again():
    assert rejection_for(ZeroDivisionError()) == (2, 1, 1)
    assert rejection_for(device_model.DirectoryUnreadable()) == (2, 3, 1)
