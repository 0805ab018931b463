"""The base of every table of `service.toml`."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """Base of every table: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
