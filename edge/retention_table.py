"""`[retention]` of `service.toml`: a key for each class of data, its description the reason for its period."""

from typing import Any

from pydantic import Field, ValidationInfo, create_model, field_validator

from edge.table import Table
from pms.link.retention import CLASSES, LONGEST_DAYS, refusal

MEANING = (
    "Days that data is kept, by class; 0: only as long as operation needs it. Classes edge_… are those of the journal, "
    "which keeps nothing longer than [journal] days."
)


class _Checked(Table):
    @field_validator("*")
    @classmethod
    def _enough(cls, value: float, info: ValidationInfo) -> float:
        if why := refusal(str(info.field_name), value):
            raise ValueError(why)
        return value


def _table() -> type[Table]:
    keys: dict[str, Any] = {
        one.name: (float, Field(one.days, ge=0, le=LONGEST_DAYS, allow_inf_nan=False, description=one.reason))
        for one in CLASSES.values()
    }
    model: type[Table] = create_model("RetentionTable", __base__=_Checked, **keys)
    model.__doc__ = MEANING
    return model


RetentionTable = _table()
