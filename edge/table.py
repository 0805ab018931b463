"""What every table of `service.toml` is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Host = Annotated[str, Field(min_length=1, max_length=255)]
Port = Annotated[int, Field(ge=0, le=65_535)]


class Table(BaseModel):
    """Base of every table: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
