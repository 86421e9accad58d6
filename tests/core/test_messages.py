import dataclasses

import pytest

from s3syncd.core.messages import Looked, RootSeen, ScanBatch


@pytest.mark.parametrize(
    "message",
    [
        ScanBatch(pass_id=1, entries=[], is_last=True, is_complete=False),
        Looked(results={}, root_ok=True),
        RootSeen(identity=None, reason="root_missing", detail="No such file or directory"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_crossed_a_thread_border_cannot_be_changed(message):
    for field in dataclasses.fields(message):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(message, field.name, None)
