"""Which HTTP status each refusal has: the one table."""

from __future__ import annotations

from typing import Final

from primum.ground.errors import PrimumError

STATUSES: Final = {
    "identity.enrolment-not-here": 403,
    "identity.invitation-refused": 403,
    "identity.no-session": 401,
    "identity.not-permitted": 403,
    "identity.password-guessable": 422,
    "identity.password-too-long": 422,
    "identity.password-too-short": 422,
    "identity.session-locked": 401,
    "identity.sign-in-refused": 403,
    "identity.step-up": 403,
    "identity.throttled": 429,
    "identity.too-many": 409,
    "identity.wrong-code": 422,
    "imaging.bad-identity": 422,
    "imaging.bad-query": 400,
    "imaging.bad-uid": 404,
    "imaging.bad-value": 422,
    "imaging.cannot-correct": 409,
    "imaging.frames-unknown": 409,
    "imaging.no-frame": 404,
    "imaging.not-here": 404,
    "imaging.not-in-force": 409,
    "imaging.nothing-to-change": 409,
    "imaging.other-controller": 409,
    "imaging.patient-merged": 409,
    "imaging.query-too-broad": 413,
    "journal.closed": 503,
    "journal.unwritable": 503,
    "retention.already-proposed": 409,
    "retention.bad-words": 422,
    "retention.below-floor": 409,
    "retention.held": 409,
    "retention.no-such-erasure": 404,
    "retention.no-such-hold": 404,
    "retention.no-such-part": 404,
    "retention.no-such-return": 404,
    "retention.not-done": 404,
    "retention.not-due": 409,
    "retention.too-late": 409,
    "order.bad-field": 422,
    "order.has-begun": 409,
    "order.identity-contradicts": 409,
    "order.missing": 404,
    "order.no-such-step": 404,
    "order.number-taken": 409,
    "order.other-patient": 409,
    "order.other-transaction": 400,
    "order.step-conflict": 409,
    "order.too-many": 400,
    "web.bad-parameter": 400,
    "web.busy": 503,
    "web.foreign-form": 403,
    "web.form-too-large": 413,
    "web.form-unreadable": 400,
    "web.bad-multipart": 400,
    "web.not-acceptable": 406,
    "web.not-multipart": 415,
    "web.nothing-sent": 400,
    "web.space-low": 507,
    "web.too-slow": 408,
    "web.not-found": 404,
    "web.search-unclear": 400,
    "web.too-many-frames": 400,
}
"""A code that is not here is a fault of ours: 500."""


def status_of(refusal: PrimumError) -> int:
    """Return the status that says this refusal."""
    return STATUSES.get(refusal.code, 500)
