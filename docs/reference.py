"""Write docs/configuration.md and the JSON schemas of the three files, from the settings themselves."""

import json
from pathlib import Path

from devices.inventory import inventory_schema
from edge.settings import configuration_reference, service_schema
from pms.hotelfile import hotel_schema

DOCS = Path(__file__).parent


def files() -> dict[Path, str]:
    """What should stand where."""
    schemas = {"hotel": hotel_schema(), "devices": inventory_schema(), "service": service_schema()}
    made = {DOCS / "schema" / f"{name}.json": json.dumps(schema, indent=2) + "\n" for name, schema in schemas.items()}
    return {DOCS / "configuration.md": configuration_reference(schemas), **made}


def main() -> None:
    """Write all."""
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
